using Berth.Cpu.Host;
using Berth.Cpu.Tests.Oracle;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Translator;

/// <summary>Random programs of linked blocks with loops, calls, returns and indirect jumps: translated and interpreted they end in the same state.
/// Flags are left alone between blocks, so that they are carried across every kind of exit.</summary>
[Collection("oracle")]
public sealed class ProgramTests
{
    private const int Blocks = 10;

    private static int Cases => int.Parse(Environment.GetEnvironmentVariable("BERTH_PROGRAMS") ?? "200");

    [Theory]
    [InlineData(0u, 64 << 20, 1)]
    [InlineData(0u, 64 << 20, 2)]
    [InlineData(3u, 64 << 20, 1)]
    [InlineData(0u, 64 << 10, 1)]
    public void RandomPrograms_EqualInterpreter(uint threshold, long limit, int cpus)
    {
        if (!StubCache.IsSupported) Assert.Skip("The vector forms need a host with AVX2, FMA and BMI2.");
        using var interpreted = new GuestProcessor();
        using var translated = new GuestProcessor(translate: true, cpus);
        if (translated.Cpu.Core.Translator is not { } translator)
        {
            Assert.Skip("This host cannot run translated code.");
            return;
        }
        (translator.Threshold, translator.Links, translator.CodeLimit) = (threshold, true, limit);
        Code[] forms = [.. Baseline.Forms()];
        var failures = new List<string>();
        for (int n = 0; n < Cases; n++)
        {
            var random = new Random(n);
            MachineState state = RandomState.Create(random);
            byte[] code = Write(random, forms);
            state.General[6] = HostProcessor.Data + (random.Next(3) == 0 ? 0xF00UL : 0x400UL);
            state.General[14] = HostProcessor.Data + (random.Next(3) == 0 ? 0xF40UL : 0x480UL);
            state.General[5] = HostProcessor.Data + 0x2000UL + (ulong)random.Next(3) * 0x7C0;
            state.General[12] = 300;
            state.General[4] = HostProcessor.StackTop - (ulong)random.Next(3) * 0x7F8;
            RandomState.Fill(random, interpreted.Memory);
            interpreted.Memory.CopyTo(translated.Memory);
            interpreted.StackMemory.CopyTo(translated.StackMemory);
            MachineState one = state.Clone(), two = state.Clone();
            foreach (GuestProcessor guest in (GuestProcessor[])[interpreted, translated]) guest.WriteCode(0, code);
            int first = interpreted.RunToFault(one, HostProcessor.Code), second = translated.RunToFault(two, HostProcessor.Code);
            string difference = first != second ? $"vectors {first} and {second}; " : "";
            if (interpreted.Rip != translated.Rip) difference += $"RIP {interpreted.Rip:x} and {translated.Rip:x}; ";
            difference += Comparison.Differences(one, two);
            if (!interpreted.Memory.SequenceEqual(translated.Memory)) difference += "memory; ";
            if (!interpreted.StackMemory.SequenceEqual(translated.StackMemory)) difference += "stack; ";
            if (difference.Length > 0) failures.Add($"program {n}: {difference}");
        }
        // The programs do run: a few hundred instructions each, most of them more than once.
        Assert.InRange(interpreted.Cpu.Instructions, (ulong)Cases * 500, ulong.MaxValue);
        Assert.True(translator.Translations > Cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {Cases} programs differ:\n" + string.Join('\n', failures.Take(10)));
    }

    private static byte[] Write(Random random, Code[] forms)
    {
        var a = new Assembler(64);
        var builder = new CaseBuilder(random);
        Label[] labels = [.. Enumerable.Range(0, Blocks).Select(_ => a.CreateLabel())], functions = [.. Enumerable.Range(0, 3).Select(_ => a.CreateLabel())];
        Label end = a.CreateLabel();
        for (int b = 0; b < Blocks; b++)
        {
            a.Label(ref labels[b]);
            Fuel(a, end);
            Body(a, builder, random, forms);
            switch (random.Next(8))
            {
                case 0: a.jmp(labels[random.Next(Blocks)]); break;
                case 1: a.call(functions[random.Next(3)]); break;
                case 2:
                    a.lea(r13, __[functions[random.Next(3)]]);
                    a.call(r13);
                    break;
                case 3:
                    a.lea(r13, __[labels[random.Next(Blocks)]]);
                    a.jmp(r13);
                    break;
                default: Conditional(a, random.Next(16), labels[random.Next(Blocks)]); break;
            }
        }
        a.jmp(labels[0]);
        foreach (ref Label function in functions.AsSpan())
        {
            a.Label(ref function);
            if (random.Next(2) == 0) a.push(rbx);
            else a.push(r10);
            a.push(r15);
            Body(a, builder, random, forms);
            a.pop(r11);
            a.pop(r15);
            a.ret();
        }
        a.Label(ref end);
        a.ud2();
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), HostProcessor.Code);
        return stream.ToArray();
    }

    /// <summary>Ends the program after some blocks, without touching flags.</summary>
    private static void Fuel(Assembler a, Label end)
    {
        Label empty = a.CreateLabel(), go = a.CreateLabel();
        a.lea(r12, __[r12 - 1]);
        a.mov(r13, rcx);
        a.mov(rcx, r12);
        a.jrcxz(empty);
        a.jmp(go);
        a.Label(ref empty);
        a.jmp(end);
        a.Label(ref go);
        a.mov(rcx, r13);
    }

    private static void Body(Assembler a, CaseBuilder builder, Random random, Code[] forms)
    {
        Label behind = a.CreateLabel();
        bool skips = false;
        for (int wanted = random.Next(9); wanted > 0;)
        {
            if (builder.Build(forms[random.Next(forms.Length)], RandomState.Create(random)) is not { } i || !SequenceTests.Usable(i) || UsesReserved(i)) continue;
            if (!SequenceTests.Rebase(ref i, random)) continue;
            if (i.MemoryBase == Register.RSI && random.Next(2) == 0) i.MemoryBase = random.Next(4) == 0 ? Register.RBP : Register.R14;
            if (!Encoder.Create(64, new StreamCodeWriter(Stream.Null)).TryEncode(i, HostProcessor.Code, out _, out _)) continue;
            // The host's scratch registers take part.
            if (random.Next(6) == 0) a.lea(random.Next(3) switch { 0 => r10, 1 => r11, _ => r15 }, __[rsi + random.Next(64)]);
            a.AddInstruction(i);
            if (random.Next(6) == 0)
            {
                Conditional(a, random.Next(16), behind);
                skips = true;
            }
            wanted--;
        }
        if (!skips) return;
        a.Label(ref behind);
        a.nop();
    }

    private static bool UsesReserved(in Instruction i)
    {
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Register && i.GetOpRegister(k).GetFullRegister() is Register.R12 or Register.R13 or Register.R14 or Register.RBP or Register.RSP) return true;
        }
        return false;
    }

    private static void Conditional(Assembler a, int condition, Label target)
    {
        switch (condition)
        {
            case 0: a.jo(target); break;
            case 1: a.jno(target); break;
            case 2: a.jb(target); break;
            case 3: a.jae(target); break;
            case 4: a.je(target); break;
            case 5: a.jne(target); break;
            case 6: a.jbe(target); break;
            case 7: a.ja(target); break;
            case 8: a.js(target); break;
            case 9: a.jns(target); break;
            case 10: a.jp(target); break;
            case 11: a.jnp(target); break;
            case 12: a.jl(target); break;
            case 13: a.jge(target); break;
            case 14: a.jle(target); break;
            default: a.jg(target); break;
        }
    }
}
