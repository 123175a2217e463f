--- The parts of the plugin that need no server and no screen, one call and what should come of it at a time.
--- `nvim -l tests/editors/plugin_units.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')

vim.opt.runtimepath:prepend(scratch.repository .. '/editors/neovim')

local accept = require('tandem.accept')
local budget_text = require('tandem.budget_text')
local config = require('tandem.config')
local consent_text = require('tandem.consent_text')
local status_text = require('tandem.status_text')
local statusline = require('tandem.statusline')
local why_text = require('tandem.why_text')

check.case('the rest of a suggestion is what is not typed yet', function()
  check.equal('bc', accept.rest('abc', 'a'))
  check.equal('abc', accept.rest('abc', ''))
  check.equal('', accept.rest('abc', 'abc'))
  check.equal(nil, accept.rest('abc', 'x'))
  check.equal(nil, accept.rest('abc', 'abcd'))
end)

check.case('words come one by one and make the whole text again', function()
  local cases = {
    {
      'record(self.id, "größe"):\n    x',
      { 'record', '(', 'self', '.', 'id', ',', ' "', 'größe', '"):', '\n    x' },
    },
    { '  += 1', { '  +=', ' 1' } },
    { '東京 🦀🦀 e\204\129!', { '東京', ' 🦀🦀', ' e\204\129', '!' } },
    { '\n\n}', { '\n\n}' } },
    { '   ', { '   ' } },
  }
  for _, case in ipairs(cases) do
    local words, rest = {}, case[1]
    while rest ~= '' do
      local word = accept.word(rest)
      check.truthy(#word > 0, 'an empty word of ' .. rest)
      table.insert(words, word)
      rest = rest:sub(#word + 1)
    end
    check.equal(case[1], table.concat(words), 'all of it')
    check.equal(case[2], words, case[1])
  end
end)

check.case('lines come one by one', function()
  check.equal('a)', accept.line('a)\n  b\nc'))
  check.equal('\n  b', accept.line('\n  b\nc'))
  check.equal('c', accept.line('c'))
  check.equal('\n', accept.line('\n\nc'))
end)

check.case('options: what does not fit is said and left out, the rest holds', function()
  check.equal({}, config.set({ keys = { accept = '<C-Y>' }, answers = { size = 0.5 } }))
  check.equal('<C-Y>', config.get().keys.accept)
  check.equal('<M-n>', config.get().keys.next, 'a default beside it')
  check.equal(0.5, config.get().answers.size)
  local wrong = {
    { { ghost_txt = {} }, '`ghost_txt`, do you mean `ghost_text`?' },
    { { keys = { acept = 'x' } }, '`keys.acept`, do you mean `keys.accept`?' },
    { { keys = { accept = 3 } }, '`keys.accept` must be a key such as "<Tab>", or false, and is 3' },
    { { keys = { accept = true } }, '`keys.accept` must be a key' },
    { { cmd = 'tandem' }, '`cmd` must be a program and its arguments as a list of strings' },
    { { cmd = {} }, '`cmd` must be' },
    { { filetypes = { 1 } }, '`filetypes` must be a list of strings' },
    { { ghost_text = { delay_ms = -1 } }, '`ghost_text.delay_ms` must be a number from 0 to 5000' },
    { { ghost_text = true }, '`ghost_text` must be a table, and is true' },
    { { answers = { position = 'up' } }, '"right" or "left" or "above" or "below", and is "up"' },
    { { consent = 'always' }, '`consent` must be "window" or "select"' },
    { { settings = 'low' }, '`settings` must be a table' },
    { { 'low' }, 'no option `1`' },
    { { zzzzzzzzzzzzzzz = 1 }, 'see :help tandem-options' },
    { 'low', 'takes a table' },
  }
  for _, case in ipairs(wrong) do
    local problems = config.set(case[1])
    check.equal(1, #problems, vim.inspect(case[1]) .. ' gives ' .. vim.inspect(problems))
    check.truthy(problems[1]:find(case[2], 1, true), problems[1])
    check.equal('<Tab>', config.get().keys.accept, 'the default stays')
  end
  check.equal(
    2,
    #config.set({ keys = { accept = 3 }, restart = 'no', ghost_text = { delay_ms = 50 } }),
    'both are said'
  )
  check.equal(50, config.get().ghost_text.delay_ms, 'what fits holds')
end)

check.case('keys = false leaves every key alone', function()
  check.equal({}, config.set({ keys = false, answers = { keys = false } }))
  for action, key in pairs(config.get().keys) do
    check.equal(false, key, action)
  end
  for action, key in pairs(config.get().answers.keys) do
    check.equal(false, key, action)
  end
  config.set({})
end)

check.case('settings travel as objects, however empty', function()
  config.set({ settings = { completion = {}, budget = { limits = {} } } })
  check.equal(
    '{"budget":{"limits":[]},"completion":{}}',
    vim.json.encode(config.client().settings.tandem, { sort_keys = true })
  )
  config.set({})
  check.equal('{"tandem":{}}', vim.json.encode(config.client().settings))
end)

check.case('the status line', function()
  check.equal('tandem: starting', statusline.format({}))
  check.equal(
    'tandem: lookup · 0.4 ms',
    statusline.format({ engine = 'lookup', state = 'idle', lastLatencyMs = 0.42 })
  )
  check.equal(
    'tandem: starter · 12 ms · $0.42 (21 %)',
    statusline.format({
      engine = 'llama',
      state = 'ready',
      model = 'starter',
      lastLatencyMs = 12.3,
      today = { cost = '$0.42', limit = '$2 per day', share = 0.21 },
    })
  )
  check.equal('tandem: loading 30 %', statusline.format({ engine = 'llama', state = 'loading', percentage = 30 }))
  check.equal('tandem: model failed', statusline.format({ engine = 'llama', state = 'failed', failure = 'no file' }))
  check.equal('tandem: starter asleep', statusline.format({ engine = 'llama', state = 'asleep', model = 'starter' }))
  check.equal('tandem: paused', statusline.format({ engine = 'lookup', paused = true }))
  check.equal('tandem: asking', statusline.format({ engine = 'lookup', questions = { running = 1 } }))
end)

check.case('the status in lines', function()
  local lines = status_text.render({
    state = 'failed',
    engine = 'llama',
    failure = 'there is no file x',
    warnings = { 'it leaks marks' },
    paused = true,
    pausedUntil = 60,
    eagerness = { level = 'low', number = 20 },
    lastLatencyMs = 3.14,
    lastSource = 'both',
    questions = { running = 2, answeredBy = 'the index', cost = '$0', routeReason = 'no model' },
    cloud = { isOff = 'no limit is set', provider = 'anthropic', model = 'm' },
    today = { cost = '$1', limit = '$20 per month', share = 0.05 },
  }, function(seconds)
    return 'second ' .. seconds
  end)
  check.equal({
    'On this machine: no model, failed',
    '  failed: there is no file x',
    '  self-test: it leaks marks',
    'For questions: anthropic m',
    'For questions: no cloud model. no limit is set',
    'Paused until second 60: :Tandem resume',
    'Eagerness: low, and at most 20',
    'Last answer: 3.1 ms, by both',
    'Questions: 2 running',
    '  the last one by the index for $0: no model',
    'Today: $1 (5 % of $20 per month)',
  }, lines)
end)

check.case('the status of a model that sleeps or holds back', function()
  check.equal(
    { 'On this machine: starter, asleep', '  asleep: it was not used' },
    status_text.model({ state = 'asleep', engine = 'llama', model = 'starter', asleepBecause = 'it was not used' })
  )
  check.equal(
    { 'On this machine: starter, ready', '  takes less: the machine runs on its battery' },
    status_text.model({
      state = 'ready',
      engine = 'llama',
      model = 'starter',
      rest = { sleeps = 0, wakes = 0, politeBecause = { 'the machine runs on its battery' } },
    })
  )
end)

check.case('the status of a server that is asked for suggestions', function()
  local function lines(server)
    server.host = 'gpu.example:8080'
    return vim.list_slice(status_text.model({ state = 'ready', engine = 'llama', model = 'm', server = server }), 2)
  end
  check.equal(
    { 'Server gpu.example:8080: it writes', '  1 request with 812 B sent' },
    lines({ writer = 'server', requests = 1, bytes = 812 })
  )
  check.equal(
    {
      'Server gpu.example:8080: the model on this machine writes in its place',
      '  not asked now: nothing listens there',
      '  nothing was sent: a secret is in it',
      '  20 requests with 40 kB sent, 3 kept on this machine',
    },
    lines({
      writer = 'here',
      down = 'nothing listens there',
      kept = 'a secret is in it',
      requests = 20,
      bytes = 40400,
      withheld = { secret = 2, localOnly = 1 },
    })
  )
  check.equal('Server gpu.example:8080: nobody writes', lines({ writer = 'nobody', requests = 0, bytes = 0 })[1])
end)

check.case('a bar for each limit, with the time until it begins again', function()
  local lines, marks = budget_text.render({
    provider = 'anthropic',
    model = 'm',
    today = { cost = '$0.10', tokens = 1200, questions = 2 },
    limits = {
      {
        name = '$20 per month',
        spent = '$3',
        limit = '$20',
        left = '$17',
        share = 0.15,
        resetsAt = 100000,
        reserved = '$1',
      },
      { name = '5 tokens per day', spent = '5 tokens', limit = '5 tokens', left = '0 tokens', share = 1 },
      { name = '$1 per request', spent = '$0', limit = '$1', left = '$1', share = 0 },
    },
  }, 1000)
  check.equal({
    'Asked: anthropic m',
    'Today: $0.10, 1200 tokens, 2 questions',
    '',
    '$20 per month',
    ('█'):rep(4) .. ('░'):rep(20) .. '  15 %',
    '$3 of $20, $17 left, $1 of it reserved, begins again in 1 d 3 h',
    '',
    '5 tokens per day',
    ('█'):rep(24) .. ' 100 %',
    '5 tokens of 5 tokens, 0 tokens left',
    '',
    '$1 per request',
    ('░'):rep(24) .. '   0 %',
    '$0 of $1, $1 left',
  }, lines)
  local groups = vim.tbl_map(function(mark)
    return mark.group
  end, marks)
  check.truthy(
    vim.list_contains(groups, 'TandemBar') and vim.list_contains(groups, 'TandemBarFull'),
    vim.inspect(groups)
  )
  check.equal('0 min', budget_text.duration(-5), 'a clock that is ahead')
  local off = budget_text.render({ isOff = 'No provider is named.', limits = {} }, 0)
  check.equal({ 'No provider is named.', '', 'No limit is set.' }, off)
end)

check.case('what others wrote stays on its line', function()
  local text = 'a\nb'
  local status = { engine = 'llama', state = 'failed', failure = text, cloud = { isOff = text }, warnings = { text } }
  local budget =
    { isOff = text, provider = text, limits = { { name = text, spent = '$1', limit = '$2', left = '$1' } } }
  local lines = vim.list_extend(status_text.render(status, tostring), (budget_text.render(budget, 0)))
  vim.api.nvim_buf_set_lines(vim.api.nvim_create_buf(false, true), 0, -1, false, lines)
  check.truthy(vim.list_contains(lines, '  failed: a b') and vim.list_contains(lines, 'a b'), vim.inspect(lines))
end)

local REQUEST = {
  question = 3,
  title = 'what does this do?',
  provider = 'anthropic',
  model = 'm',
  host = 'api.anthropic.com:443',
  isLocal = false,
  mayRemember = true,
  inputTokens = { least = 1200, most = 1234567 },
  maxOutputTokens = 8192,
  cost = { least = '$0.01', most = '$0.09' },
  files = { { path = 'a.rs', bytes = 999, lines = '1-40' }, { path = 'b\nc.rs', bytes = 12345, isInternal = true } },
  redactions = { { kind = 'aws-key', count = 2 } },
  left = '$3 of $20 per month',
  payload = 'all',
}

check.case('consent names everything, and no is what the cursor stands on', function()
  local lines, _, choices = consent_text.render(REQUEST)
  check.equal({
    ' Question  what does this do?',
    ' To        anthropic, model m at api.anthropic.com:443',
    ' Where     leaves this machine',
    ' Tokens    1,200 to 1,234,567 in, at most 8,192 out',
    ' Cost      $0.01 to $0.09',
    ' Budget    $3 of $20 per month',
    ' Secrets   2 replaced (aws-key)',
    ' Files     2, 13.3 kB of them',
    '',
    '   Do not send',
    '   Show all that would be sent',
    '   Send this time',
    '   Send, and always for this workspace',
    '',
    '   a.rs  (999 bytes, lines 1-40)',
    '   b c.rs  (12.3 kB, internal)',
  }, lines)
  check.equal({ [10] = 'no', [11] = 'show', [12] = 'once', [13] = 'workspace' }, choices)
  check.equal('no', consent_text.CHOICES[1].name, 'the first choice')
end)

check.case('consent says what the provider may do, and why the answer is shorter', function()
  local request =
    vim.tbl_extend('force', REQUEST, { terms = 'It may keep\nall of it.', lowered = 'The budget is low.' })
  local lines, _, choices = consent_text.render(request)
  check.equal(' Terms     It may keep all of it.', lines[4])
  check.equal(' Tokens    1,200 to 1,234,567 in, at most 8,192 out', lines[5])
  check.equal(' Lowered   The budget is low.', lines[6])
  check.equal('no', choices[12], 'the no moves down with them')
end)

check.case('always is offered only where it may be', function()
  for _, may in ipairs({ false, 'yes' }) do
    local request = vim.tbl_extend('force', REQUEST, { mayRemember = may })
    local _, _, choices = consent_text.render(request)
    check.truthy(not vim.list_contains(vim.tbl_values(choices), 'workspace'), vim.inspect(choices))
  end
end)

check.case('why a suggestion was shown, and why none was', function()
  local shown = why_text.render({
    trigger = 'automatic',
    syntax = 'passed',
    decision = {
      shown = { fromMemory = true, suggestions = { { text = 'a```b', source = 'lookup', confidence = 0.876 } } },
    },
    gate = { threshold = 0.1, verdicts = { { probability = 0.9 } } },
    tokens = vim.NIL,
    prompt = vim.NIL,
    raw = vim.NIL,
    lookup = vim.NIL,
    stages = { { name = 'total', ms = 1.5 } },
    notes = { 'the index is being built' },
    context = { { name = 'f', path = 'a.rs', score = 1, isShown = true } },
  })
  local text = table.concat(shown, '\n')
  for _, words in ipairs({
    '# Shown, from memory',
    'By lookup, 88 % sure:\n\n````\na```b\n````',
    '* the index is being built',
    '* total: 1.50 ms',
    '* `f` in `a.rs`: 1.00, in the prompt',
    'a probability of 10 % on, the likeliest has 90 %',
  }) do
    check.truthy(text:find(words, 1, true), words .. ' is not in\n' .. text)
  end
  local odd = why_text.render({
    trigger = 'a\nb',
    syntax = 'a\nb',
    decision = { hidden = { reason = 'x', sentence = 'a\nb' } },
    notes = { 'a\nb' },
    context = { { name = 'a\nb', path = 'c\nd', score = 1 } },
    stages = { { name = 'a\nb', ms = 1 } },
    prompt = 'a\nb',
  })
  vim.api.nvim_buf_set_lines(vim.api.nvim_create_buf(false, true), 0, -1, false, odd)
  check.truthy(vim.list_contains(odd, '* `a b` in `c d`: 1.00'), vim.inspect(odd))
  check.truthy(vim.list_contains(odd, '* a b'), vim.inspect(odd))
  local hidden =
    why_text.render({ decision = { hidden = { reason = 'x', sentence = '100 % sure that nothing fits' } } })
  check.equal({ '# Nothing shown', '', '100 % sure that nothing fits' }, vim.list_slice(hidden, 1, 3))
end)

check.case('the help has each option, command and mapping', function()
  local help = scratch.read(scratch.repository .. '/editors/neovim/doc/tandem.txt')
  local function has(words)
    check.truthy(help:find(words, 1, true), words .. ' is not in doc/tandem.txt')
  end
  local function each(values, path)
    for name, value in pairs(values) do
      has(name)
      if type(value) == 'table' and not vim.islist(value) then
        each(value, path .. name .. '.')
      end
    end
  end
  each(config.get(), '')
  for _, option in ipairs({ 'cmd', 'filetypes', 'root_markers' }) do
    has(option)
  end
  for _, command in ipairs(require('tandem.commands').complete('', 'Tandem ')) do
    has(':Tandem-' .. command)
  end
  for action in pairs(config.get().keys) do
    has('<Plug>(tandem-' .. action:gsub('_', '-') .. ')')
  end
end)

check.case('the help has no tag twice, and none that leads nowhere', function()
  local directory = scratch.copy_plugin(scratch.directory .. '/help')
  vim.cmd.helptags(directory .. '/doc')
  local tags = {}
  for line in vim.gsplit(scratch.read(directory .. '/doc/tags'), '\n', { trimempty = true }) do
    tags[line:match('^[^\t]+')] = true
  end
  check.truthy(tags['tandem'] and tags[':Tandem'] and tags['tandem-options'], vim.inspect(tags))
  local help = scratch.read(directory .. '/doc/tandem.txt')
  for link in help:gmatch('|([^|%s]+)|') do
    local known = tags[link] or #vim.fn.getcompletion(link, 'help') > 0
    check.truthy(known, link .. ' leads nowhere')
  end
end)

check.finish()
