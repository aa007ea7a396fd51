-- Confirms that waiters of one lock are still there, and hands the lock over if it has become free without a release.
-- KEYS  lock, fence, waiters, queue
-- ARGV  owners
-- Returns {kind, 1 if the holder will hand over or 0, ms left of it, shortest ttl, for each owner: how many are ahead,
-- -1 if it does not wait any more, or its fencing token as text if it has been granted}
-- @include queue.lua

local longest = 0
for _, owner in ipairs(ARGV) do
    local entry = call('HGET', waiters, owner)
    if entry then
        call('HSET', waiters, 'beat:' .. owner, digits(now))
        longest = math.max(longest, tonumber(string.match(entry, '^%d+')))
    end
end
if longest > 0 then
    keep(longest)
end
local kind, value = look()
if kind == 'none' and hand_over() then
    kind, value = look()
end
local reply = {
    kind,
    channel_of(value) and 1 or 0,
    call('PTTL', lock),
    tonumber(call('HGET', waiters, 'ttl') or '') or 0,
}
for i, owner in ipairs(ARGV) do
    if owner_of(value) == owner then
        reply[4 + i] = call('GET', fence) or next_token()
    else
        reply[4 + i] = call('ZRANK', queue, owner) or -1
    end
end
return reply
