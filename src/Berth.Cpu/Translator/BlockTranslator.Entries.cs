
namespace Berth.Cpu.Translator;

/// <summary>The head of a block with its entries, and the code behind it.</summary>
internal sealed partial class BlockTranslator
{
    private FlagPlace _entry;
    private int _pollJump, _mappingJump, _body;

    private BlockEntries EmitEntries(int pageId)
    {
        _exits.Clear();
        _entry = EntryPlace();
        _place = _entry;
        _entryInScratch = false;
        BlockEntries entries = default;
        entries.Checked = e.Here;
        e.Gs(0x81, 7, PageIdOf(_start), wide: false);
        e.Int32(pageId);
        _mappingJump = e.JumpIf(5);
        entries.PolledMemory = entries.PolledHost = e.Here;
        RuntimeStubs.Compare(e, Layout.Poll, 0);
        _pollJump = e.JumpIf(5);
        entries.Memory = e.Here;
        if (_entry == FlagPlace.Host) FlagCode.Restore(e);
        entries.Host = e.Here;
        _body = e.Position;
        if (Counts)
        {
            e.Gs(0x8B, R11, Layout.Countdown);
            e.LoadAddress(R11, R11, -1, 1, -_count);
            e.Gs(0x89, R11, Layout.Countdown);
            // The sign, without touching flags, becomes the poll word's highest byte, which nobody else sets.
            e.Bytes(0xC4, 0x43, 0xFB, 0xF0, 0xDB, 56); // rorx r11, r11, 56
            e.Gs(0x88, R11, Layout.Poll + 3);
        }
        return entries;
    }

    private void EmitCold(ref BlockEntries entries)
    {
        e.Bind(_mappingJump);
        e.Constant(R11, (long)_start);
        e.JumpTo(stubs.Lookup);
        e.Bind(_pollJump);
        e.Constant(R11, (long)_start);
        e.JumpTo(stubs.Poll);
        if (_entry == FlagPlace.Memory)
        {
            entries.Host = entries.PolledHost = e.Here;
            FlagCode.Save(e);
            e.JumpTo(entries.PolledMemory);
        }
        else if (_entry == FlagPlace.Host)
        {
            // A poll that leaves the flags alone.
            entries.PolledHost = e.Here;
            e.Move(R11, HostRegisters.Rcx);
            e.Gs(0x8B, HostRegisters.Rcx, Layout.Poll, wide: false);
            e.Bytes(0xE3, 18); // jrcxz over what follows
            int before = e.Position;
            e.Move(HostRegisters.Rcx, R11);
            e.Bytes(0x49, 0xBB);
            e.Int64((long)_start);
            e.JumpTo(stubs.PollHost);
            System.Diagnostics.Debug.Assert(e.Position - before == 18);
            e.Move(HostRegisters.Rcx, R11);
            e.JumpTo(_body);
        }
        for (int n = 0; n < _cold.Count; n++) EmitCold(ref n, _cold[n]);
        foreach (PendingExit exit in _exits)
        {
            e.Bind(exit.Jump);
            if (exit.Miss >= 0) e.Bind(exit.Miss);
            cache.SetExitStub(exit.Number, e.Here);
            e.Gs(0xC7, 0, Layout.Exit, wide: false);
            e.Int32(exit.Number);
            e.JumpTo(exit.Place == FlagPlace.Host ? stubs.DirectHost : stubs.Direct);
        }
    }

    private void EmitCold(ref int n, in ColdCode c)
    {
        e.Bind(c.Place);
        switch (c.Kind)
        {
            case ColdKind.Fill:
                e.GsAt(0x03, R10, R11, Tlb + ((c.Value & 0x100) != 0 ? 8 : 0));
                e.Constant(R11, c.Value);
                e.Call(stubs.Fill);
                e.JumpTo(c.Back);
                e.Int64((long)c.Rip);
                break;
            case ColdKind.Interpret:
                CallInterpreter(c.Rip);
                break;
            case ColdKind.Lookup:
                e.Constant(R11, (long)c.Rip);
                e.JumpTo(stubs.Lookup);
                break;
            case ColdKind.Watched:
                if (c.Value != R10) e.Move(R10, c.Value);
                e.Constant(R11, (long)c.Rip);
                e.JumpTo(stubs.Watched);
                break;
            case ColdKind.Vectors:
                e.Constant(R11, c.Value);
                e.Call(stubs.LoadVectors);
                e.JumpTo(c.Back);
                e.Int64((long)c.Rip);
                break;
            case ColdKind.X87:
                e.Call(stubs.LoadX87);
                e.JumpTo(c.Back);
                e.Int64((long)c.Rip);
                break;
            case ColdKind.SlowRun:
                // Up to three branches lead there.
                while (n + 1 < _cold.Count && _cold[n + 1].Kind == ColdKind.SlowRun && _cold[n + 1].Value == c.Value) e.Bind(_cold[++n].Place);
                EmitSlowRun(_runs[c.Value]);
                break;
            case ColdKind.SlowLoop:
                while (n + 1 < _cold.Count && _cold[n + 1].Kind == ColdKind.SlowLoop) e.Bind(_cold[++n].Place);
                EmitSlowLoop();
                break;
            case ColdKind.Exit:
                _place = (FlagPlace)c.Back;
                EmitExit(c.Rip, c.Value);
                break;
        }
    }
}
