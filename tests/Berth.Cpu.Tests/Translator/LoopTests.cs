using Berth.Cpu.Host;
using Berth.Cpu.Tests.Oracle;
using Berth.X86;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Translator;

/// <summary>Random loops over arrays: steps of all sizes in both directions, several arrays, page crossings, side exits, ends on any register.</summary>
[Collection("oracle")]
public sealed class LoopTests
{
    private static readonly int[] s_steps = [1, -1, 2, 4, 8, -8, 16, 32, -16, 64, 24, 0];

    private static int Cases => int.Parse(Environment.GetEnvironmentVariable("BERTH_PROGRAMS") ?? "200");

    [Fact]
    public void RandomLoops_EqualInterpreter()
    {
        if (!StubCache.IsSupported) Assert.Skip("The vector forms need a host with AVX2, FMA and BMI2.");
        using var interpreted = new GuestProcessor();
        using var translated = new GuestProcessor(translate: true);
        if (translated.Cpu.Core.Translator is not { } translator)
        {
            Assert.Skip("This host cannot run translated code.");
            return;
        }
        (translator.Threshold, translator.Links) = (0, true);
        var failures = new List<string>();
        for (int n = 0; n < Cases; n++)
        {
            var random = new Random(n);
            MachineState state = RandomState.Create(random);
            byte[] code = Write(random);
            state.General[6] = HostProcessor.Data + (ulong)random.Next(0x3800);
            state.General[7] = HostProcessor.Data + ((ulong)random.Next(0x380) << 4);
            state.General[14] = HostProcessor.Data + ((ulong)random.Next(0x1C0) << 5);
            state.General[3] = (ulong)random.Next(64) * 32;
            // Sometimes the loop runs into a page that is not there.
            if (random.Next(8) == 0) state.General[7] = HostProcessor.Base + 0x60000 - ((ulong)random.Next(1, 128) << 4);
            state.General[1] = (ulong)random.Next(1, 700);
            state.General[4] = HostProcessor.StackTop;
            RandomState.Fill(random, interpreted.Memory);
            interpreted.Memory.CopyTo(translated.Memory);
            interpreted.StackMemory.CopyTo(translated.StackMemory);
            MachineState one = state.Clone(), two = state.Clone();
            foreach (GuestProcessor guest in (GuestProcessor[])[interpreted, translated]) guest.WriteCode(0, code);
            int first = interpreted.RunToFault(one, HostProcessor.Code), second = translated.RunToFault(two, HostProcessor.Code);
            // Flags that nobody would have read may be stale where a fault comes in between (docs/decisions/0011).
            if (first != ExceptionVector.InvalidOpcode) two.Flags = one.Flags;
            string difference = (first != second ? $"vectors {first} and {second}; " : "") + Comparison.Differences(one, interpreted, two, translated);
            if (difference.Length > 0) failures.Add($"loop {n}: {difference}");
        }
        Assert.True(failures.Count == 0, $"{failures.Count} of {Cases} loops differ:\n" + string.Join('\n', failures.Take(10)));
    }

    private static byte[] Write(Random random)
    {
        var a = new Assembler(64);
        Label loop = a.CreateLabel(), outer = a.CreateLabel(), end = a.CreateLabel();
        a.mov(r13d, 3);
        a.Label(ref outer);
        a.mov(r12, rcx);
        a.Label(ref loop);
        AssemblerRegister64[] bases = [rsi, rdi, r14];
        int[] steps = [.. Enumerable.Range(0, 4).Select(_ => s_steps[random.Next(s_steps.Length)])];
        for (int n = random.Next(1, 8); n > 0; n--)
        {
            int which = random.Next(3);
            Access(a, random, bases[which]);
            if (random.Next(4) == 0) Move(a, random, bases[which], steps[which]);
            if (random.Next(8) == 0) a.jp(end);
            if (random.Next(6) == 0) a.lea(rbx, __[rbx + (steps[3] / 8)]);
        }
        for (int which = 0; which < 3; which++) Move(a, random, bases[which], steps[which]);
        if (random.Next(3) == 0) a.cmp(rdi, r14);
        switch (random.Next(3))
        {
            case 0: a.dec(r12); break;
            case 1: a.sub(r12, 1); break;
            default: a.add(r12, -1); break;
        }
        a.jne(loop);
        a.setc(dl);
        a.dec(r13d);
        a.jne(outer);
        a.Label(ref end);
        a.ud2();
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), HostProcessor.Code);
        return stream.ToArray();
    }

    private static void Move(Assembler a, Random random, AssemblerRegister64 register, int step)
    {
        switch (random.Next(4))
        {
            case 0: a.add(register, step); break;
            case 1: a.sub(register, -step); break;
            case 2: a.lea(register, __[register + step]); break;
            default: a.add(register, step + random.Next(2)); break;
        }
    }

    private static void Access(Assembler a, Random random, AssemblerRegister64 register)
    {
        AssemblerMemoryOperand place = random.Next(3) switch
        {
            0 => __[register],
            1 => __[register + (random.Next(-4, 5) * 16)],
            _ => __[register + (rbx * (1 << random.Next(3))) + 8],
        };
        switch (random.Next(14))
        {
            case 0: a.mov(rax, place); break;
            case 1: a.add(__qword_ptr[place], rax); break;
            case 2: a.mov(__dword_ptr[place], edx); break;
            case 3: a.movzx(edx, __byte_ptr[place]); break;
            case 4: a.xor(__byte_ptr[place], al); break;
            case 5: a.vmovdqu(xmm1, place); break;
            case 6: a.vmovdqu(place, xmm1); break;
            case 7: a.vpaddd(ymm2, ymm2, place); break;
            case 8: a.vmovdqu(place, ymm2); break;
            case 9: a.movaps(xmm3, place); break;
            case 10: a.movups(place, xmm3); break;
            case 11: a.add(rax, __qword_ptr[place]); break;
            case 12: a.mov(r10, place); break;
            default: a.mov(__word_ptr[place], r9w); break;
        }
    }
}
