-- Gives the lock back and hands it to the first waiter, or leaves the queue. Compares the owner; may be sent again.
-- KEYS  lock, fence, waiters, queue
-- ARGV  owner, '0' or for how many ms a request of this owner that comes late must be refused, and if the lock is not to be
--       free before: for how many ms from now it stays locked
-- Returns {what was found: 'held' | 'queued' | 'nothing', how many were ahead, kind, value, since when it is held}, the first
-- as a number alone in the usual case: 1, it was held and nobody waited.
local value = redis.pcall('GET', KEYS[1])
local held = type(value) == 'string' and string.sub(value, 1, 32) == ARGV[1]
if held and ARGV[2] == '0' and not ARGV[3] and redis.call('EXISTS', KEYS[3]) == 0 then
    return redis.call('DEL', KEYS[1])
end

-- @include queue.lua

local owner, refusal = ARGV[1], tonumber(ARGV[2])

-- Whatever was found: another copy of the request may be under way. Last of all, since a server without memory still takes
-- writes that come after others.
local function refuse()
    if refusal > 0 then
        -- Where somebody always waits, this is where old ones go.
        if call('HLEN', waiters) > 2 * call('ZCARD', queue) + 64 then
            sweep(false)
        end
        call('HSET', waiters, 'gone:' .. owner, digits(now + refusal * 1000))
        keep(refusal)
    end
end

if held and ARGV[3] then
    local left = tonumber(ARGV[3])
    if is_kept(value) then
        -- Sent again: a copy that comes late must not make it last longer.
        left = math.min(left, math.max(call('PTTL', lock), 1))
    end
    -- First of all, for the same reason: a server without memory takes it.
    call('PEXPIRE', lock, digits(left))
    call('SET', lock, owner .. ' later' .. string.sub(value, 39), 'PX', digits(left))
    call('PEXPIRE', fence, digits(left + 3600000))
    -- Nobody will hand over: the first waiter looks when the time is over, which has just become another one.
    tell_first()
    refuse()
    return { 'held', 0, 'none', '', '0' }
end
if held then
    if not hand_over() then
        call('DEL', lock)
    end
    refuse()
    return { 'held', 0, 'none', '', '0' }
end
local kind, holder = look()
local ahead = call('ZRANK', queue, owner) or 0
local queued = call('ZREM', queue, owner) == 1
if queued then
    forget(owner)
end
if kind == 'none' then
    hand_over()
else
    if queued and ahead == 0 and not channel_of(holder) then
        tell_first()
    end
    tidy()
end
refuse()
return { queued and 'queued' or 'nothing', ahead, kind, holder, queued and held_since() or '0' }
