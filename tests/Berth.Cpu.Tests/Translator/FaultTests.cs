using Berth.Cpu.Host;
using Berth.Cpu.Interpreter;
using Berth.Cpu.Tests.Oracle;
using Berth.X86;
using Iced.Intel;

namespace Berth.Cpu.Tests.Translator;

/// <summary>Every form with a memory operand, aimed at a page that is not there: the fault comes at the instruction, and nothing has changed.</summary>
[Collection("oracle")]
public sealed class FaultTests
{
    /// <summary>The first page behind the mapped ones.</summary>
    private const ulong Missing = HostProcessor.Base + 0x6_0000;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void MemoryOperand_OnAMissingPage_FaultsAndChangesNothing(bool translate, bool crossing)
    {
        if (!StubCache.IsSupported) Assert.Skip("The vector forms need a host with AVX2, FMA and BMI2.");
        using var guest = new GuestProcessor(translate);
        var failures = new List<string>();
        int forms = 0, offset = 0;
        foreach (Code code in Baseline.Forms())
        {
            var random = new Random((int)code);
            MachineState state = RandomState.Create(random);
            if (Build(new CaseBuilder(random), code, state, crossing) is not { } i) continue;
            forms++;
            offset = (offset + 0x20) & 0xFFFF;
            ulong address = HostProcessor.Code + (ulong)offset;
            if (!Write(guest, offset, i, address)) continue;
            MachineState after = state.Clone();
            int vector = guest.Run(after, address, HostProcessor.ExitAddress, 100);
            string? difference = vector != ExceptionVector.PageFault ? $"vector {vector}"
                : guest.Rip != address ? $"RIP {guest.Rip:x}"
                : (guest.FaultAddress & ~0xFFFUL) != Missing ? $"CR2 {guest.FaultAddress:x}"
                : !after.General.AsSpan().SequenceEqual(state.General) ? "registers changed"
                : ((after.Flags ^ state.Flags) & RFlags.Status) != 0 ? "flags changed"
                : !after.Extended.AsSpan(160, 256).SequenceEqual(state.Extended.AsSpan(160, 256)) ? "vector registers changed" : null;
            if (difference is not null) failures.Add($"{i} ({code}): {difference}");
        }
        Assert.True(failures.Count == 0, $"{failures.Count} of {forms} forms:\n" + string.Join('\n', failures.Take(40)));
        Assert.True(forms > 300, $"only {forms} forms");
    }

    private static Instruction? Build(CaseBuilder builder, Code code, MachineState state, bool crossing)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            if (builder.Build(code, state) is not { } i) return null;
            if (i.IsStringInstruction || i.IsVsib || i.Mnemonic is Mnemonic.Xlatb or Mnemonic.Lea or Mnemonic.Nop || i.Mnemonic.ToString().Contains("mask", StringComparison.OrdinalIgnoreCase)
                || i.Mnemonic.ToString().StartsWith("Prefetch", StringComparison.Ordinal) || (i.MemoryDisplSize == 8 && i.MemoryBase == Register.None)) return null;
            if (!IsAimed(ref i)) continue;
            int size = i.MemorySize.GetSize();
            if (crossing && (size is < 2 or > 32 || HostOps.NeedsAlignment(i) || i.Mnemonic == Mnemonic.Cmpxchg16b)) return null;
            state.General[6] = crossing ? Missing - 1 : Missing + 0x40;
            // Nothing pending, so that waiting x87 instructions get to their operand.
            state.Extended.AsSpan(2, 2).Clear();
            return i;
        }
        return null;
    }

    /// <summary>Makes the operand [RSI], where RSI and high bytes are not operands themselves.</summary>
    private static bool IsAimed(ref Instruction i)
    {
        bool memory = false;
        for (int k = 0; k < i.OpCount; k++)
        {
            memory |= i.GetOpKind(k) == OpKind.Memory;
            if (i.GetOpKind(k) == OpKind.Register && i.GetOpRegister(k).IsGPR() && i.GetOpRegister(k).GetFullRegister() == Register.RSI) return false;
            // A bit number in a register moves the operand.
            if (k == 1 && i.GetOpKind(k) == OpKind.Register && i.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc) return false;
        }
        i.MemoryBase = Register.RSI;
        i.MemoryIndex = Register.None;
        i.MemoryIndexScale = 1;
        i.MemoryDisplacement64 = 0;
        i.MemoryDisplSize = 0;
        return memory;
    }

    private static bool Write(GuestProcessor guest, int offset, Instruction i, ulong address)
    {
        var stream = new MemoryStream();
        if (!Iced.Intel.Encoder.Create(64, new StreamCodeWriter(stream)).TryEncode(i, address, out _, out _)) return false;
        guest.WriteCode(offset, stream.ToArray());
        return true;
    }
}
