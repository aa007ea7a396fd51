-- Included by every script that has to do with waiters. Four keys, all in one hash slot:
--   lock     string  the lock itself; its value begins with the owner. Foreign clients know only this one.
--   fence    string  the fencing token that was issued last
--   waiters  hash    OWNER -> "TTL VALUE": who waits, and what to set the lock to when it is granted
--                    beat:OWNER -> when its client last confirmed that it still waits
--                    gone:OWNER -> until when a request of this owner that comes late must be refused
--                    ttl -> the shortest lease that anyone of this queue has asked for
--   queue    zset    OWNER, ordered by when it first asked
-- Times in the hash and in the zset are microseconds of the server's clock, leases are milliseconds.
local call = redis.call
local lock, fence, waiters, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function digits(number)
    return string.format('%.0f', number)
end

-- Larger than every token before: by the last one as long as it is remembered, and else by the time.
local function next_token()
    local token = digits(now)
    local last = tonumber(call('SET', fence, token, 'PX', '3600000', 'GET') or '') or 0
    if last >= now then
        token = digits(last + 1)
        call('SET', fence, token, 'PX', '3600000')
    end
    return token
end

-- What is in the way: the type of the lock's key ('none' if it is free), and its value if that is a string.
local function look()
    local value = redis.pcall('GET', lock)
    if type(value) == 'string' then
        return 'string', value
    elseif not value then
        return 'none', ''
    end
    -- Of another type. Any other error is one of the script's.
    if string.sub(value.err, 1, 9) ~= 'WRONGTYPE' then
        call('GET', lock)
    end
    return call('TYPE', lock).ok, ''
end

local function owner_of(value)
    return string.sub(value, 1, 32)
end

-- Since when the holder has had the lock: that is its token, unless that had to be larger. '0' if it lies in the future.
local function held_since()
    local token = tonumber(call('GET', fence) or '') or 0
    return token <= now + 60000000 and digits(token) or '0'
end

-- Whether the holder has given the lock back, to be free only once its key expires: 'OWNER later …' and not 'OWNER dlock …'.
local function is_kept(value)
    return string.sub(value, 33, 39) == ' later '
end

-- The channel of the client that made the value; nil if it is not one of ours. As strict as the client that reads values: who
-- is taken for one of ours is trusted to hand over.
local function channel_of(value)
    local owner, client = string.match(value, '^([0-9a-f]+) dlock ([0-9a-f]+) [^ ]* [^ ]* [^ ]* ')
    return owner and #owner == 32 and #client == 32 and 'dlock:' .. client
end

local function forget(owner)
    call('HDEL', waiters, owner, 'beat:' .. owner)
end

-- Drops the refusals that do not count any more, and everything else too if nobody waits.
local function sweep(nobody_waits)
    local fields = call('HGETALL', waiters)
    for i = 1, #fields, 2 do
        local is_refusal = string.sub(fields[i], 1, 5) == 'gone:'
        if is_refusal and tonumber(fields[i + 1]) <= now or nobody_waits and not is_refusal then
            call('HDEL', waiters, fields[i])
        end
    end
end

-- Once nobody waits, nothing remains but the refusals that still count.
local function tidy()
    if call('EXISTS', queue) == 0 then
        sweep(true)
    end
end

-- The waiters must outlive their own heartbeats, which come every third of a lease.
local function keep(ttl)
    local life = math.max(4 * ttl, 60000)
    -- The queue may be younger: refusals keep the hash while nobody waits.
    if math.min(call('PTTL', waiters), call('PTTL', queue)) < life * 3 / 4 then
        call('PEXPIRE', waiters, digits(life))
        call('PEXPIRE', queue, digits(life))
    end
end

-- Tells the first waiter's client that it is the first: it has to watch a holder that will not hand over.
local function tell_first()
    local owner = call('ZRANGE', queue, 0, 0)[1]
    local entry = owner and call('HGET', waiters, owner) or ''
    local channel = channel_of(string.match(entry, '^%d+ (.*)$') or '')
    if channel then
        call('PUBLISH', channel, 'first ' .. owner)
    end
end

-- Makes the first waiter that is still there the holder, whatever the lock is now, and tells its client. A client that
-- does not listen, or has been silent for a lease, is passed over. Returns the new owner and its token, or nil.
local function hand_over()
    while true do
        local owner = call('ZPOPMIN', queue)[1]
        if not owner then
            break
        end
        local entry = call('HMGET', waiters, owner, 'beat:' .. owner)
        forget(owner)
        local ttl, value = string.match(entry[1] or '', '^(%d+) (.*)$')
        if value and now - tonumber(entry[2] or 0) <= tonumber(ttl) * 1000 then
            local token = next_token()
            call('SET', lock, value, 'PX', ttl)
            if call('PUBLISH', channel_of(value), 'granted ' .. owner .. ' ' .. token) > 0 then
                tidy()
                return owner, token
            end
            call('DEL', lock)
        end
    end
    tidy()
end
