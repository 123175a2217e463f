--- Measures what the plugin costs: its size, `setup`, the start of Neovim, and the time from a key to visible ghost
--- text beside the server's own. Asserts nothing and is in no list of drivers: `EDITOR_TEST_DRIVERS=plugin_time
--- tests/editors/run.sh TANDEM`.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Neovim = require('neovim')

--- Starts of Neovim for each figure, and suggestions.
local STARTS, SUGGESTIONS = 50, 100

local function percentile(values, share)
  table.sort(values)
  return values[math.max(1, math.ceil(#values * share))]
end

local function report(what, values)
  local words = '%-52s median %6.2f ms, 95 %% %6.2f ms, of %d'
  check.note(words, what, percentile(values, 0.5), percentile(values, 0.95), #values)
end

check.case('size', function()
  local plugin = scratch.copy_plugin(scratch.directory .. '/size')
  local bytes, lua, files = 0, 0, 0
  for name, kind in vim.fs.dir(plugin, { depth = 9 }) do
    if kind == 'file' then
      local size = vim.uv.fs_stat(plugin .. '/' .. name).size
      bytes, files = bytes + size, files + 1
      lua = lua + (vim.endswith(name, '.lua') and size or 0)
    end
  end
  check.note('%d files, %.1f kB, %.1f kB of them Lua', files, bytes / 1e3, lua / 1e3)
end)

--- Starts Neovim and returns what it printed.
local function run(environment, arguments)
  local command = vim.list_extend({ scratch.editors .. '/bin/nvim', '--headless' }, arguments)
  local ended = vim.system(command, { env = environment, text = true }):wait()
  check.equal(0, ended.code, ended.stderr)
  return ended.stdout .. ended.stderr
end

check.case("require('tandem').setup({}), nvim --clean", function()
  local environment = scratch.home('time-setup')
  local plugin = scratch.copy_plugin(scratch.directory .. '/time-plugin')
  local script = [[lua local begun = vim.uv.hrtime()
    %s
    io.stdout:write(('time %%f\n'):format((vim.uv.hrtime() - begun) / 1e6))]]
  script = script:gsub('%s*\n%s*', ' ')
  local whole, own = {}, {}
  for _ = 1, STARTS do
    local arguments = { '--clean', '--cmd', 'set runtimepath^=' .. plugin, '-c' }
    local function time(code)
      local printed =
        run(environment, vim.list_extend(vim.list_slice(arguments), { script:format(code), '-c', 'qall!' }))
      return tonumber(printed:match('time ([%d.]+)'))
    end
    table.insert(whole, time("require('tandem').setup({})"))
    table.insert(own, time("vim.lsp.enable('tandem')"))
  end
  report('setup({}), as init.lua calls it', whole)
  report("vim.lsp.enable('tandem'), which waits for the screen", own)
end)

check.case('the start of Neovim with and without the plugin', function()
  local function starts(name, init, has_plugin)
    local environment = scratch.home(name)
    scratch.write(environment.XDG_CONFIG_HOME .. '/nvim/init.lua', init)
    if has_plugin then
      scratch.copy_plugin(environment.XDG_DATA_HOME .. '/nvim/site/pack/any/start/tandem')
    end
    return function()
      local log = environment.HOME .. '/startup.log'
      vim.uv.fs_unlink(log)
      run(environment, { '--startuptime', log, '-c', 'qall!' })
      return tonumber(scratch.read(log):match('\n(%d+%.%d+)[^\n]*NVIM STARTED'))
    end
  end
  local kinds = {
    { 'without the plugin', starts('time-none', ''), {} },
    { 'installed, not set up', starts('time-installed', '', true), {} },
    { 'installed and set up', starts('time-set-up', "require('tandem').setup({})", true), {} },
  }
  -- In turn, so that what else the machine does falls on all alike.
  for _ = 1, STARTS do
    for _, kind in ipairs(kinds) do
      table.insert(kind[3], kind[2]())
    end
  end
  for _, kind in ipairs(kinds) do
    report('--startuptime, ' .. kind[1], kind[3])
  end
end)

--- From the input of a key to ghost text in the cells of the screen, and the latency that the server says for the
--- request.
local function time_suggestions(name, settings, options)
  local editor = Neovim.with_plugin(name, settings, ("require('tandem').setup(%s)"):format(options))
  editor:open('orders.py')
  local orders = editor:text()
  local seen, served = {}, {}
  editor:lua([[
    _G.begun = nil
    vim.on_key(function(_, typed)
      if typed == 'c' then _G.begun, _G.shown = vim.uv.hrtime(), nil end
    end)
    local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
    local set = vim.api.nvim_buf_set_extmark
    vim.api.nvim_buf_set_extmark = function(buffer, space, ...)
      local mark = set(buffer, space, ...)
      if space == namespace and _G.begun and not _G.shown then
        vim.cmd.redraw()
        _G.shown = (vim.uv.hrtime() - _G.begun) / 1e6
      end
      return mark
    end
  ]])
  for step = 1, SUGGESTIONS do
    editor:type(('<Esc>Go<C-U>        # step %d<CR><C-U>        self.audit.re'):format(step))
    check.wait('requests to be answered', function()
      return editor:pending() == 0
    end)
    editor:type('<C-]>')
    editor:lua('_G.begun, _G.shown = nil, nil')
    editor:type('c')
    local ended = vim.wait(5000, function()
      return editor:lua('return _G.shown ~= nil')
    end, 5)
    if ended then
      table.insert(seen, editor:lua('return _G.shown'))
      table.insert(served, editor:request('tandem/status').lastLatencyMs)
    end
    editor:type('<Esc>')
    editor:set_text(orders)
  end
  report(name .. ': key to ghost text', seen)
  report(name .. ': of that the server', served)
  editor:quit()
end

check.case('from a key to ghost text', function()
  local lookup = { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = '100' }
  time_suggestions('lookup', lookup, '{}')
  time_suggestions('default-engines', { TANDEM_COMPLETION_EAGERNESS = '100' }, '{}')
  time_suggestions('lookup-after-200-ms', lookup, '{ ghost_text = { delay_ms = 200 } }')
end)

--- Types the methods of a class again, key by key, and looks at the screen at every redraw: what is shown may go along
--- with the keys or make way for another text at a key; without a key nothing may change but from nothing to something.
check.case('flickers in two minutes of typing', function()
  local editor = Neovim.with_plugin('typing', { TANDEM_COMPLETION_EAGERNESS = '100' }, "require('tandem').setup({})")
  editor:open('orders.py')
  editor:lua([[
    _G.seen, _G.flickers, _G.shows = { tick = -1 }, {}, 0
    local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
    local function look()
      local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
      local lines = {}
      if mark then
        table.insert(lines, mark[4].virt_text and mark[4].virt_text[1] and mark[4].virt_text[1][1] or '')
        for _, line in ipairs(mark[4].virt_lines or {}) do table.insert(lines, line[1] and line[1][1] or '') end
      end
      local text = table.concat(lines, '\n')
      local tick, line = vim.b.changedtick, vim.api.nvim_get_current_line()
      local last = _G.seen
      if text ~= '' and text ~= last.text then _G.shows = _G.shows + 1 end
      if last.text and last.text ~= '' then
        local typed = #line - #(last.line or '')
        local goes_along = typed >= 0 and vim.startswith(last.line .. last.text, line)
        local expected = goes_along and (last.line .. last.text):sub(#line + 1) or nil
        if expected and text ~= expected and expected ~= '' then
          table.insert(_G.flickers, { was = last.text, line = line, expected = expected, is = text })
        end
      end
      _G.seen = { tick = tick, line = line, text = text }
    end
    vim.uv.new_timer():start(0, 5, vim.schedule_wrap(function()
      if vim.api.nvim_get_mode().mode == 'i' then look() else _G.seen = { tick = -1 } end
    end))
  ]])
  local begun, step = vim.uv.hrtime(), 0
  while (vim.uv.hrtime() - begun) / 1e9 < 120 do
    step = step + 1
    editor:type(('<Esc>Go<C-U>    def step%d(self) -> None:'):format(step))
    editor:type('<CR><C-U>        ')
    for key in ('self.audit.record(self.order_id, self.customer, "step")'):gmatch('.') do
      editor:type(key)
      vim.wait(80)
    end
  end
  local flickers = editor:lua('return _G.flickers')
  check.note('%d texts shown, %d flickers', editor:lua('return _G.shows'), #flickers)
  for index = 1, math.min(#flickers, 5) do
    check.note('%s', vim.inspect(flickers[index]))
  end
  editor:quit()
end)

check.finish()
