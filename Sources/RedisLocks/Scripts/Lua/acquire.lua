-- Takes the lock, or joins the queue for it. Sent again under the same owner it does no harm: an answer may have been lost.
-- KEYS  lock, fence, waiters, queue
-- ARGV  value (begins with the owner), ttl in ms, '1' to wait or '0', '0' or when this owner first asked
-- Returns the fencing token if it is granted, and else what is in the way:
--   {'queued' | 'busy' | 'withdrawn', how many are ahead, kind, value, ms left of it, shortest ttl, when this owner first asked}
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

local function join()
    if call('ZSCORE', queue, owner) then
        call('HSET', waiters, 'beat:' .. owner, digits(now))
        return
    end
    -- Who asks again after the queue was lost, or after being passed over, gets its old place.
    local place = now
    if asked > 0 and asked < now then
        place = asked
    else
        local last = call('ZRANGE', queue, -1, -1, 'WITHSCORES')
        place = math.max(now, (tonumber(last[2]) or 0) + 1)
    end
    call('ZADD', queue, digits(place), owner)
    call('HSET', waiters, owner, ARGV[2] .. ' ' .. value, 'beat:' .. owner, digits(now))
    local shortest = tonumber(call('HGET', waiters, 'ttl') or '') or ttl
    call('HSET', waiters, 'ttl', digits(math.min(shortest, ttl)))
    keep(ttl)
end

local function answer(state)
    local kind, holder = look()
    return {
        state,
        call('ZRANK', queue, owner) or call('ZCARD', queue),
        kind,
        holder,
        call('PTTL', lock),
        tonumber(call('HGET', waiters, 'ttl') or '') or ttl,
        call('ZSCORE', queue, owner) or '0',
    }
end

if (tonumber(call('HGET', waiters, 'gone:' .. owner) or '') or 0) > now then
    return answer('withdrawn')
end
local kind, held = look()
if kind == 'string' and owner_of(held) == owner then
    call('PEXPIRE', lock, ARGV[2])
    return call('GET', fence) or next_token()
end
local waits = ARGV[3] == '1'
if waits then
    join()
end
if kind == 'none' then
    local next, token = hand_over()
    if next == owner then
        return token
    elseif not next then
        call('SET', lock, value, 'PX', ARGV[2])
        return next_token()
    end
end
return answer(waits and 'queued' or 'busy')
