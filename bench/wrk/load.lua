-- The load of one row, for wrk.  Arguments after "--": work, sessions, messages per session, organization's key.
-- work: read | append | tail | append-bad (one request in a hundred is refused) | first (of the candidates); ids as in lib/data.py
-- SPDX-License-Identifier: Apache-2.0

local work, sessions, per_session, key
local count = 0
local append_headers = { ["Content-Type"] = "application/json" }
local text = "I started with the query plan, because the index existed and was still not used. The policy on the table "
    .. "turned a containment operator into a filter, so I moved it into a function that returns keys, and then I "
    .. "measured it again: twenty-four milliseconds became one and a half, on the same forty thousand rows."
local good = '{"role":"user","content":"' .. text .. '","metadata":{"topic":"databases","turn":12}}'
local bad = '{"role":"nobody","content":"' .. text .. '","metadata":{"topic":"databases","turn":12}}'

local function session(n) return string.format("0198c000-0000-7000-8000-1%011d", n) end
local function any_session() return session(math.random(0, sessions - 1)) end

local function read()
    local n = math.random(0, sessions * per_session - 1)
    return wrk.format("GET", string.format("/v1/messages/0198c001-0000-7000-8000-1%011d", n))
end

local function tail()
    return wrk.format("GET", "/v1/sessions/" .. any_session() .. "/messages?tail=20")
end

local function append(id, body)
    return wrk.format("POST", "/v1/sessions/" .. (id or any_session()) .. "/messages", append_headers, body or good)
end

local function append_bad()
    count = count + 1
    if count % 100 ~= 0 then return append() end
    if count % 200 == 0 then return append(session(99999999)) end   -- no such session: only the database knows
    return append(nil, bad)
end

local function first() return wrk.format("GET", "/v1/candidates?limit=1") end

local works = { read = read, tail = tail, append = append, ["append-bad"] = append_bad, first = first }

function init(args)
    work, sessions, per_session, key = args[1], tonumber(args[2]), tonumber(args[3]), args[4]
    math.randomseed(os.time() + tonumber(args[5]))
    if key ~= "-" then
        wrk.headers["Authorization"] = "Bearer " .. key
        append_headers["Authorization"] = wrk.headers["Authorization"]
    end
    append_headers["Host"] = wrk.headers["Host"]
    request = works[work]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_us":%.0f,"p99_us":%.0f,"max_us":%.0f}\n',
        summary.requests, summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
