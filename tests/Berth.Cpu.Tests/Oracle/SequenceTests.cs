using Berth.Cpu.Host;
using Iced.Intel;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>Short random sequences of integer, x87 and vector instructions on registers and RIP-relative memory.</summary>
[Collection("oracle")]
public sealed class SequenceTests
{
    private static int Cases => int.Parse(Environment.GetEnvironmentVariable("BERTH_ORACLE_SEQUENCES") ?? "3000");

    // Their undefined flags or results would run through the rest of a sequence, or their pointers cannot be kept in bounds.
    private static readonly HashSet<Mnemonic> s_single =
    [
        Mnemonic.Div, Mnemonic.Idiv, Mnemonic.Bswap, Mnemonic.Xlatb, Mnemonic.Maskmovq, Mnemonic.Maskmovdqu, Mnemonic.Vmaskmovdqu, Mnemonic.Push, Mnemonic.Pop,
        Mnemonic.Pushf, Mnemonic.Pushfq, Mnemonic.Shld, Mnemonic.Shrd, Mnemonic.Bsf, Mnemonic.Bsr, Mnemonic.Bt, Mnemonic.Bts, Mnemonic.Btr, Mnemonic.Btc,
        Mnemonic.Mul, Mnemonic.Imul, Mnemonic.Shl, Mnemonic.Shr, Mnemonic.Sar, Mnemonic.Sal, Mnemonic.Rol, Mnemonic.Ror, Mnemonic.Rcl, Mnemonic.Rcr,
    ];

    internal static bool Usable(in Instruction i)
    {
        if (s_single.Contains(i.Mnemonic) || Baseline.ChangesMasks(i.Mnemonic) || i.IsStringInstruction || i.IsVsib || i.RflagsUndefined != RflagsBits.None) return false;
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Memory && !i.IsIPRelativeMemoryOperand) return false;
            if (i.GetOpKind(k) is not (OpKind.Register or OpKind.Memory or OpKind.Immediate8 or OpKind.Immediate16 or OpKind.Immediate32 or OpKind.Immediate64
                or OpKind.Immediate8to16 or OpKind.Immediate8to32 or OpKind.Immediate8to64 or OpKind.Immediate32to64)) return false;
        }
        return true;
    }

    /// <summary>Moves the memory operand to a few places that RSI points to, so that neighbouring accesses share a base; false if RSI is an operand.</summary>
    internal static bool Rebase(ref Instruction i, Random random)
    {
        for (int k = 0; k < i.OpCount; k++)
        {
            if (i.GetOpKind(k) == OpKind.Register && i.GetOpRegister(k).IsGPR() && i.GetOpRegister(k).GetFullRegister() == Register.RSI) return false;
        }
        if (!i.IsIPRelativeMemoryOperand) return true;
        int displacement = random.Next(5) * 64;
        i.MemoryBase = Register.RSI;
        i.MemoryDisplSize = displacement == 0 ? 0 : 8;
        i.MemoryDisplacement64 = (ulong)displacement;
        return true;
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void RandomSequences_EqualHost(bool translate, bool based)
    {
        if (!StubCache.IsSupported) Assert.Skip("The oracle needs an x86-64 host with AVX2, FMA and BMI2.");
        var random = new Random(7);
        Code[] forms = [.. Baseline.Forms()];
        using var guest = new GuestProcessor(translate);
        var comparison = new Comparison(OracleTests.Host, guest);
        var failures = new List<string>();
        var builder = new CaseBuilder(random);
        for (int n = 0; n < Cases; n++)
        {
            MachineState state = RandomState.Create(random);
            // At times the operands lie on both sides of a page boundary.
            if (based) state.General[6] = HostProcessor.Data + (random.Next(3) == 0 ? 0xF00UL : 0x400UL);
            var sequence = new List<Instruction>();
            while (sequence.Count < 12)
            {
                if (builder.Build(forms[random.Next(forms.Length)], state.Clone()) is { } i && Usable(i) && (!based || Rebase(ref i, random))) sequence.Add(i);
            }
            try
            {
                if (comparison.Run(sequence, state, random) is { } failure) failures.Add(failure);
            }
            catch (InvalidOperationException)
            {
                // A high-byte register met a REX prefix: no such encoding.
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{comparison.Compared} sequences compared");
        Assert.True(failures.Count == 0, $"{failures.Count} sequences differ:\n" + string.Join('\n', failures.Take(10)));
        Assert.True(comparison.Compared > Cases / 2);
    }
}
