using Berth.Cpu.Direct;
using Berth.Cpu.Tests.Oracle;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Direct;

/// <summary>Random programs end in the same state whether they are interpreted, run on the host's processor in their place, or relocated there; and
/// whenever they are interrupted.</summary>
[Collection("oracle")]
public sealed class RelocatedProgramTests
{
    private static int Cases => int.Parse(Environment.GetEnvironmentVariable("BERTH_PROGRAMS") ?? "200");

    private static DirectExecution Prepare(GuestProcessor direct, bool relocate)
    {
        DirectExecution? execution = direct.Cpu.Core.Direct;
        Assert.SkipWhen(execution is null, "This host cannot run user code directly.");
        (execution!.RelocatesAlways, direct.Cpu.Core.Translator!.Links) = (relocate, true);
        return execution;
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(true, false, true)]
    [InlineData(true, true, true)]
    public async Task RandomPrograms_EqualInterpreter(bool relocate, bool isFar, bool interrupt)
    {
        using var stop = new CancellationTokenSource();
        using var interpreted = new GuestProcessor();
        using var direct = new GuestProcessor(translate: true, direct: true);
        DirectExecution execution = Prepare(direct, relocate);
        Code[] forms = [.. Baseline.Forms()];
        ulong place = isFar ? GuestProcessor.Far : 0;
        var failures = new List<string>();
        Task kicks = Task.CompletedTask;
        if (interrupt)
        {
            kicks = Task.Run(() =>
            {
                while (!stop.IsCancellationRequested) execution.Kick();
            }, stop.Token);
        }
        // Each takes hundreds of times as long where it is interrupted all the time.
        int cases = interrupt ? Cases / 8 : Cases;
        for (int n = 0; n < cases; n++)
        {
            var random = new Random(n);
            MachineState state = RandomState.Create(random);
            byte[] code = RandomProgram.Write(random, forms, HostProcessor.Code + place, isRelative: true);
            RandomProgram.Prepare(random, state);
            RandomState.Fill(random, interpreted.Memory);
            interpreted.Memory.CopyTo(direct.Memory);
            interpreted.StackMemory.CopyTo(direct.StackMemory);
            MachineState one = state.Clone(), two = state.Clone();
            foreach (GuestProcessor guest in (GuestProcessor[])[interpreted, direct]) guest.WriteCode(0, code);
            int first = interpreted.RunToFault(one, HostProcessor.Code + place), second = direct.RunToFault(two, HostProcessor.Code + place);
            string difference = (first != second ? $"vectors {first} and {second}; " : "") + Comparison.Differences(one, interpreted, two, direct);
            if (difference.Length > 0) failures.Add($"program {n}: {difference}");
        }
        await stop.CancelAsync();
        await kicks;
        Assert.True(execution.Entries >= cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases} programs differ:\n" + string.Join('\n', failures.Take(10)));
    }

    /// <summary>Instructions that keep registers elsewhere for a moment, at operands that are not there.</summary>
    public static TheoryData<string> Faulting => ["ret", "ret 8", "call", "call register", "call memory", "call relative", "jmp memory", "jmp relative", "load", "store", "divide", "vector"];

    private static void Emit(Assembler a, string name, ulong missing)
    {
        var relative = new MemoryOperand(Register.RIP, (long)missing, 8);
        switch (name)
        {
            case "ret": a.ret(); break;
            case "ret 8": a.ret(8); break;
            case "call": a.call(HostProcessor.Code + GuestProcessor.Far); break;
            case "call register": a.call(rbx); break;
            case "call memory": a.call(__qword_ptr[r11 + rcx * 2]); break;
            case "call relative": a.AddInstruction(Instruction.Create(Code.Call_rm64, relative)); break;
            case "jmp memory": a.jmp(__qword_ptr[rcx + r11]); break;
            case "jmp relative": a.AddInstruction(Instruction.Create(Code.Jmp_rm64, relative)); break;
            case "load": a.AddInstruction(Instruction.Create(Code.Mov_r64_rm64, Register.RAX, relative)); break;
            case "store": a.AddInstruction(Instruction.Create(Code.Mov_rm64_r64, relative, Register.RDX)); break;
            case "divide": a.AddInstruction(Instruction.Create(Code.Idiv_rm64, relative)); break;
            default: a.AddInstruction(Instruction.Create(Code.VEX_Vaddps_ymm_ymm_ymmm256, Register.YMM1, Register.YMM2, relative)); break;
        }
    }

    [Theory]
    [MemberData(nameof(Faulting))]
    public void Fault_OfAnInstructionThatKeepsRegistersElsewhere_EqualsInterpreter(string name)
    {
        using var interpreted = new GuestProcessor();
        using var direct = new GuestProcessor(translate: true, direct: true);
        DirectExecution execution = Prepare(direct, relocate: true);
        const ulong missing = HostProcessor.Base + GuestProcessor.Far + 0x10_0000;
        var a = new Assembler(64);
        a.nop();
        Emit(a, name, missing);
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), HostProcessor.Code + GuestProcessor.Far);
        MachineState state = RandomState.Create(new Random(1));
        (state.General[1], state.General[3], state.General[4], state.General[11]) = (0x1111, HostProcessor.Code, missing, missing);
        MachineState one = state.Clone(), two = state.Clone();
        foreach (GuestProcessor guest in (GuestProcessor[])[interpreted, direct]) guest.WriteCode(0, stream.ToArray());
        int first = interpreted.RunToFault(one, HostProcessor.Code + GuestProcessor.Far), second = direct.RunToFault(two, HostProcessor.Code + GuestProcessor.Far);
        Assert.Equal((ExceptionVector.PageFault, ExceptionVector.PageFault), (first, second));
        Assert.Equal(HostProcessor.Code + GuestProcessor.Far + 1, interpreted.Rip);
        Assert.Equal(interpreted.FaultAddress, direct.FaultAddress);
        Assert.Equal("", Comparison.Differences(one, interpreted, two, direct));
        Assert.Equal(1, execution.Entries);
    }

    /// <summary>The host gives no process a base in its kernel's half; the guest's user code may have one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SegmentBase_ThatTheHostWouldNotTake_EqualsInterpreter(bool relocate)
    {
        using var interpreted = new GuestProcessor();
        using var direct = new GuestProcessor(translate: true, direct: true);
        DirectExecution execution = Prepare(direct, relocate);
        var a = new Assembler(64);
        a.mov(rax, -0x1000_0000_0000L);
        a.wrfsbase(rax);
        a.mov(rbx, HostProcessor.Data);
        a.mov(rcx, __[rbx]);
        a.rdfsbase(rdx);
        a.ud2();
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), HostProcessor.Code);
        MachineState one = RandomState.Create(new Random(1)), two = one.Clone();
        foreach (GuestProcessor guest in (GuestProcessor[])[interpreted, direct]) guest.WriteCode(0, stream.ToArray());
        Assert.Equal(ExceptionVector.InvalidOpcode, interpreted.RunToFault(one, HostProcessor.Code));
        Assert.Equal(ExceptionVector.InvalidOpcode, direct.RunToFault(two, HostProcessor.Code));
        Assert.Equal("", Comparison.Differences(one, interpreted, two, direct));
        Assert.Equal(1, execution.Entries);
    }
}
