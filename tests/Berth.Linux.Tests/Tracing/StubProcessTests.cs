using Berth.Linux.Tracing;

namespace Berth.Linux.Tests.Tracing;

/// <summary>A process whose memory is pieces of a file of the test's.</summary>
public sealed unsafe class StubProcessTests : IDisposable
{
    private const ulong Code = 0x10_0000, Data = 0x7FFF_0000_0000;
    private const int Size = 4 * 4096;

    private readonly FileDescriptor _memory = Libc.MemoryFile("stub-test", Size);
    private readonly byte* _bytes;
    private readonly StubProcess _process;

    public StubProcessTests()
    {
        _bytes = (byte*)Libc.Map(_memory, 0, Size, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED);
        _process = StubProcess.Start(_memory);
        _process.Attach();
    }

    public void Dispose()
    {
        _process.Dispose();
        Libc.Unmap((nint)_bytes, Size);
        _memory.Dispose();
    }

    private TraceStop Run(ReadOnlySpan<byte> code)
    {
        code.CopyTo(new Span<byte>(_bytes, 4096));
        _process.Map(Code, 4096, Libc.PROT_READ | Libc.PROT_EXEC, 0);
        _process.Map(Data, 4096, Libc.PROT_READ | Libc.PROT_WRITE, 4096);
        Assert.True(_process.Flush());
        _process.Registers.rip = Code;
        _process.Registers.rbx = Data;
        _process.Write();
        TraceStop stop = _process.Run();
        _process.Read();
        return stop;
    }

    [Fact]
    public void Run_CodeInTheFile_StoresIntoTheFile()
    {
        // mov dword [rbx], 42; ud2
        TraceStop stop = Run([0xC7, 0x03, 42, 0, 0, 0, 0x0F, 0x0B]);
        Assert.Equal(new TraceStop(Libc.SIGILL, false), stop);
        Assert.Equal(Code + 6, _process.Registers.rip);
        Assert.Equal(42, _bytes[4096]);
    }

    [Theory]
    [InlineData(new byte[] { 0x0F, 0x05 })] // syscall
    [InlineData(new byte[] { 0xCD, 0x80 })] // int 80h
    public void Run_SystemCall_StopsUnmade(byte[] instruction)
    {
        // mov eax, 60 (exit) or 1 (exit of the 32-bit table), by EBX's low byte; the process lives on.
        TraceStop stop = Run([0xB8, 60, 0, 0, 0, .. instruction]);
        Assert.True(stop.IsSystemCall);
        Assert.Equal((60ul, Code + 7), (_process.Registers.orig_rax, _process.Registers.rip));
        Assert.Equal(Libc.SIGILL, Run([0x0F, 0x0B]).Signal);
    }

    [Fact]
    public void Memory_HoldsNothingButItsOwnPagesAndWhatIsMapped()
    {
        Run([0x0F, 0x0B]);
        string[] maps = File.ReadAllLines($"/proc/{_process.Pid}/maps");
        string[] starts = [.. maps.Where(static line => !line.Contains("vsyscall", StringComparison.Ordinal)).Select(static line => line.Split('-')[0].TrimStart('0'))];
        ulong[] expected = [Code, _process.Place, _process.Place + 4096, _process.Window.CellsAddress, _process.Window.TableAddress, _process.Window.CodeAddress, Data];
        Assert.Equal(expected.Select(static start => start.ToString("x")), starts);
        Assert.Single(Directory.GetFiles($"/proc/{_process.Pid}/fd"));
        _process.UnmapAll();
        Assert.True(_process.Flush());
        Assert.Equal(5, File.ReadAllLines($"/proc/{_process.Pid}/maps").Count(static line => !line.Contains("vsyscall", StringComparison.Ordinal)));
    }

    [Fact]
    public void Fault_OfAStoreToReadOnlyMemory_HasItsAddress()
    {
        // mov [rip+0x100], eax
        TraceStop stop = Run([0x89, 0x05, 0x00, 0x01, 0, 0]);
        Assert.Equal(Libc.SIGSEGV, stop.Signal);
        Assert.Equal((Code + 0x106, Libc.SEGV_ACCERR), _process.Fault());
    }

    [Fact]
    public void Run_ReadingTheTimeStampCounter_Faults() => Assert.Equal(Libc.SIGSEGV, Run([0x0F, 0x31]).Signal);

    [Fact]
    public void SetBreakpoints_StopBeforeTheirInstructions()
    {
        // nop; nop; nop; nop; ud2
        byte[] code = [0x90, 0x90, 0x90, 0x90, 0x0F, 0x0B];
        Assert.True(_process.SetBreakpoints([Code + 1, Code + 3, Data, Data + 1]));
        Assert.Equal(new TraceStop(Libc.SIGTRAP, false), Run(code));
        Assert.Equal((Code + 1, Libc.TRAP_HWBKPT), (_process.Registers.rip, _process.Fault().Code));
        Assert.True(_process.SetBreakpoints([Code + 3]));
        Assert.Equal(Libc.SIGTRAP, Run(code).Signal);
        Assert.Equal(Code + 3, _process.Registers.rip);
        Assert.True(_process.SetBreakpoints([]));
        Assert.Equal(Libc.SIGILL, Run(code).Signal);
    }

    [Fact]
    public void SetBreakpoints_OfTheHostsKernel_AreRefused() => Assert.False(_process.SetBreakpoints([Code, 0xFFFF_8000_0000_0000]));

    [Fact]
    public void Map_PiecesThatFollowEachOther_AreOne()
    {
        for (int i = 0; i < 4; i++) _process.Map(Data + (ulong)(i * 4096), 4096, Libc.PROT_READ, i * 4096);
        Assert.True(_process.Flush());
        Assert.Contains(File.ReadAllLines($"/proc/{_process.Pid}/maps"), line => line.StartsWith($"{Data:x}-{Data + Size:x} r--s", StringComparison.Ordinal));
    }

    [Fact]
    public void Map_BeyondTheEnd_IsReportedByFlush()
    {
        _process.Map(StubProcess.End, 4096, Libc.PROT_READ, 0);
        Assert.False(_process.Flush());
    }

    [Fact]
    public void Kick_OfAnEndlessLoop_StopsIt()
    {
        using var ready = new ManualResetEventSlim();
        var kicker = new Thread(() =>
        {
            ready.Wait();
            _process.Kick();
        });
        kicker.Start();
        ready.Set();
        Assert.Equal(StubProcess.KickSignal, Run([0xEB, 0xFE]).Signal);
        kicker.Join();
    }

    [Fact]
    public void Kick_BeforeMappingsAreMade_EndsTheRunAfterThem()
    {
        _process.Kick();
        Assert.Equal(StubProcess.KickSignal, Run([0xEB, 0xFE]).Signal);
        Assert.Equal(Code, _process.Registers.rip);
    }

    [Fact]
    public void Run_AfterTheProcessWasKilled_Fails()
    {
        Run([0x0F, 0x0B]);
        Libc.SendSignal(_process.Pid, Libc.SIGKILL);
        Assert.Throws<LinuxException>(() => _process.Run());
    }

    [Fact]
    public void ExtendedState_IsWhatWasWritten()
    {
        _process.ReadExtended();
        for (int i = 160; i < 160 + 256; i++) _process.ExtendedState[i] = (byte)i;
        _process.ExtendedState[512] |= 3;
        _process.WriteExtended();
        // movups xmm1, xmm0; ud2
        Run([0x0F, 0x10, 0xC8, 0x0F, 0x0B]);
        _process.ReadExtended();
        Assert.Equal(_process.ExtendedState.Slice(160, 16), _process.ExtendedState.Slice(176, 16));
        Assert.Equal(160, _process.ExtendedState[176]);
    }
}
