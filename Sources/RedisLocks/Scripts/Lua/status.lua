-- Who holds the lock and who waits for it.
-- KEYS  lock, fence, waiters, queue
-- ARGV  first and last place in the queue to tell of
-- Returns {kind, value, ms left of it, the last fencing token, since when it is held, number of waiters, for each waiter:
-- "TTL VALUE"}
local call = redis.call
local kind, value = call('TYPE', KEYS[1]).ok, ''
if kind == 'string' then
    value = call('GET', KEYS[1])
end
local clock = call('TIME')
local token = call('GET', KEYS[2]) or '0'
-- The token is the time of the grant, unless it had to be larger.
local since = tonumber(token) or 0
if not (since <= clock[1] * 1000000 + clock[2] + 60000000) then
    since = 0
end
local reply = { kind, value, call('PTTL', KEYS[1]), token, string.format('%.0f', since), call('ZCARD', KEYS[4]) }
local owners = call('ZRANGE', KEYS[4], ARGV[1], ARGV[2])
if #owners > 0 then
    for _, entry in ipairs(call('HMGET', KEYS[3], unpack(owners))) do
        reply[#reply + 1] = entry or ''
    end
end
return reply
