-- Takes the lock, or joins the queue for it. Sent again under the same owner it does no harm: an answer may have been lost.
-- KEYS  lock, fence, waiters, queue
-- ARGV  value (begins with the owner), ttl in ms, '1' to wait or '0', '0' or when this owner first asked
-- Returns the fencing token if it is granted, and else what is in the way:
--   {'queued' | 'busy' | 'withdrawn', how many are ahead, kind, value, ms left of it, shortest ttl, when this owner first asked,
--   since when it is held}
if redis.call('EXISTS', KEYS[3]) == 0 and redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    -- Nobody holds it, nobody waits: the usual case, with as few steps as can be.
    local clock = redis.call('TIME')
    local token = clock[1] .. string.rep('0', 6 - #clock[2]) .. clock[2]
    local last = redis.call('SET', KEYS[2], token, 'PX', '3600000', 'GET')
    if last and (tonumber(last) or 0) >= tonumber(token) then
        -- Within the same microsecond, or the server's clock has been set back.
        token = string.format('%.0f', last + 1)
        redis.call('SET', KEYS[2], token, 'PX', '3600000')
    end
    return token
end

-- @include queue.lua

local value, ttl, asked = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
local owner = owner_of(value)

-- When this owner first asked, and so its place in the queue. Who asks again after the queue was lost, or after being passed
-- over, gets its old place.
local function place()
    if asked > 0 and asked < now then
        return asked
    end
    local last = call('ZRANGE', queue, -1, -1, 'WITHSCORES')[2]
    return math.max(now, (tonumber(last or '') or 0) + 1)
end

-- Joins the queue, or confirms that it still waits. Returns when it first asked.
local function join(shortest)
    if call('HSETNX', waiters, owner, ARGV[2] .. ' ' .. value) == 0 then
        call('HSET', waiters, 'beat:' .. owner, digits(now))
        asked = tonumber(call('ZSCORE', queue, owner) or '')
        if asked then
            return
        end
        asked = now
    else
        asked = place()
        call('HSET', waiters, 'beat:' .. owner, digits(now), 'ttl', digits(shortest))
    end
    call('ZADD', queue, digits(asked), owner)
    keep(ttl)
end

local known = call('HMGET', waiters, 'gone:' .. owner, 'ttl')
local shortest = math.min(ttl, tonumber(known[2] or '') or ttl)
local waits = ARGV[3] == '1'
local kind, held = look()

local function answer(state)
    return {
        state,
        waits and call('ZRANK', queue, owner) or call('ZCARD', queue),
        kind,
        held,
        call('PTTL', lock),
        shortest,
        digits(asked),
        held_since(),
    }
end

if (tonumber(known[1] or '') or 0) > now then
    return answer('withdrawn')
end
if owner_of(held) == owner then
    if is_kept(held) then
        return answer('withdrawn')
    end
    call('PEXPIRE', lock, ARGV[2])
    return call('GET', fence) or next_token()
end
if waits then
    join(shortest)
end
if kind == 'none' then
    local next, token = hand_over()
    if next == owner then
        return token
    elseif not next then
        -- Nobody is left but us; those who wait have been passed over, and we with them if nobody listens for us.
        call('SET', lock, value, 'PX', ARGV[2])
        return next_token()
    end
    kind, held = look()
end
return answer(waits and 'queued' or 'busy')
