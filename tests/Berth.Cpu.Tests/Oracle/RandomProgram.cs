using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>A random program of linked blocks with loops, calls, returns and indirect jumps.</summary>
internal static class RandomProgram
{
    private const int Blocks = 10;

    /// <summary>Registers as the program uses them: what it works on may lie on both sides of a page boundary.</summary>
    public static void Prepare(Random random, MachineState state)
    {
        state.General[6] = HostProcessor.Data + (random.Next(3) == 0 ? 0xF00UL : 0x400UL);
        state.General[14] = HostProcessor.Data + (random.Next(3) == 0 ? 0xF40UL : 0x480UL);
        state.General[5] = HostProcessor.Data + 0x2000UL + (ulong)random.Next(3) * 0x7C0;
        state.General[12] = 300;
        state.General[4] = HostProcessor.StackTop - (ulong)random.Next(3) * 0x7F8;
    }

    /// <summary>Writes a program that ends with UD2.</summary>
    /// <param name="random">Where it comes from.</param>
    /// <param name="forms">Instructions that it may have.</param>
    /// <param name="origin">Address that it will have, by default the oracle's.</param>
    /// <param name="isRelative">Whether some operands are relative to RIP: in data that lies as far from the code as the oracle's does.</param>
    public static byte[] Write(Random random, Code[] forms, ulong origin = HostProcessor.Code, bool isRelative = false)
    {
        var a = new Assembler(64);
        var builder = new CaseBuilder(random);
        Label[] labels = [.. Enumerable.Range(0, Blocks).Select(_ => a.CreateLabel())], functions = [.. Enumerable.Range(0, 3).Select(_ => a.CreateLabel())];
        Label end = a.CreateLabel();
        for (int b = 0; b < Blocks; b++)
        {
            a.Label(ref labels[b]);
            Fuel(a, end);
            Body(a, builder, random, forms, origin, isRelative);
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
            Body(a, builder, random, forms, origin, isRelative);
            a.pop(r11);
            a.pop(r15);
            a.ret();
        }
        a.Label(ref end);
        a.ud2();
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), origin);
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

    private static void Body(Assembler a, CaseBuilder builder, Random random, Code[] forms, ulong origin, bool isRelative)
    {
        Label behind = a.CreateLabel();
        bool skips = false;
        for (int wanted = random.Next(9); wanted > 0;)
        {
            if (builder.Build(forms[random.Next(forms.Length)], RandomState.Create(random)) is not { } i || !SequenceTests.Usable(i) || UsesReserved(i)) continue;
            if (isRelative && i.IsIPRelativeMemoryOperand && random.Next(3) != 0) i.MemoryDisplacement64 += origin - HostProcessor.Code;
            else if (!SequenceTests.Rebase(ref i, random)) continue;
            if (i.MemoryBase == Register.RSI && random.Next(2) == 0) i.MemoryBase = random.Next(4) == 0 ? Register.RBP : Register.R14;
            if (!Encoder.Create(64, new StreamCodeWriter(Stream.Null)).TryEncode(i, origin, out _, out _)) continue;
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
