using System.Text;
using Iced.Intel;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>Runs one case on both processors and reports the first differences.</summary>
internal sealed class Comparison(HostProcessor host, GuestProcessor guest)
{
    private int _offset;

    /// <summary>Cases that both processors ran, and cases that the software CPU faulted (the host is spared those).</summary>
    public int Compared { get; private set; }

    public Dictionary<Code, int> Faulted { get; } = [];

    /// <summary>Null if equal or not comparable, else a description.</summary>
    public string? Run(IReadOnlyList<Instruction> instructions, MachineState start, Random random)
    {
        _offset = _offset > 0xE000 ? 0 : (_offset + 0x40) & ~0x3F;
        ulong address = HostProcessor.Code + (ulong)_offset;
        byte[] code = Encode(instructions, address);
        code.CopyTo(host.CodeMemory[_offset..]);
        guest.WriteCode(_offset, code);
        _offset += code.Length;

        RandomState.Fill(random, host.Memory);
        RandomState.Fill(random, host.StackMemory[0xE000..]);
        byte[] before = host.Memory.ToArray();
        host.Memory.CopyTo(guest.Memory);
        host.StackMemory[0xE000..].CopyTo(guest.StackMemory[0xE000..]);

        MachineState native = start.Clone(), ours = start.Clone();
        int fault = guest.Run(ours, address, HostProcessor.ExitAddress, 20000);
        if (fault != -1)
        {
            Faulted[instructions[^1].Code] = Faulted.GetValueOrDefault(instructions[^1].Code) + 1;
            // #DE of a division, and #GP for reserved bits of a random MXCSR, are what the host would do as well.
            return fault == 0 || (fault == 13 && Baseline.ChangesMasks(instructions[^1].Mnemonic)) ? null : $"{Describe(instructions)}: fault {fault}";
        }
        foreach (Instruction i in instructions)
        {
            if (Undefined.Result(i, start)) return null;
        }
        host.Run(native, address);
        Compared++;
        if (Baseline.HasImage(instructions[0].Mnemonic))
        {
            HideWhatDiffers(host.Memory, instructions[0]);
            HideWhatDiffers(guest.Memory, instructions[0]);
        }
        ulong undefined = 0;
        foreach (Instruction i in instructions) undefined |= Undefined.Flags(i, start);
        string difference = Differences(native, ours, undefined, before);
        return difference.Length == 0 ? null : $"{Describe(instructions)} [{Convert.ToHexString(code)}] flags {start.Flags:x}: {difference}";
    }

    /// <summary>Clears instruction pointer, operand pointer and opcode of a stored image, and the mask of MXCSR, which tells the model.</summary>
    private static void HideWhatDiffers(Span<byte> memory, in Instruction i)
    {
        int at = (int)(i.MemoryDisplacement64 - HostProcessor.Data);
        if (i.Mnemonic is Mnemonic.Fxsave or Mnemonic.Fxsave64)
        {
            memory.Slice(at + 6, 18).Clear();
            memory.Slice(at + 28, 4).Clear();
        }
        else if (i.Code is Code.Fnstenv_m14byte or Code.Fnsave_m94byte) memory.Slice(at + 6, 8).Clear();
        else memory.Slice(at + 12, 16).Clear();
    }

    private static byte[] Encode(IReadOnlyList<Instruction> instructions, ulong address)
    {
        var bytes = new List<byte>();
        var writer = new ListWriter(bytes);
        var encoder = Iced.Intel.Encoder.Create(64, writer);
        foreach (Instruction i in instructions)
        {
            if (!encoder.TryEncode(i, address + (ulong)bytes.Count, out _, out string? error)) throw new InvalidOperationException($"{i.Code}: {error}");
        }
        // jmp rel32
        bytes.Add(0xE9);
        bytes.AddRange(BitConverter.GetBytes((int)(HostProcessor.ExitAddress - (address + (ulong)bytes.Count + 4))));
        return [.. bytes];
    }

    public static string Describe(IReadOnlyList<Instruction> instructions) =>
        string.Join("; ", instructions.Select(i => $"{i} ({i.Code})"));

    /// <summary>Differences of registers, undefined flags left out; empty if there are none.</summary>
    public static string Differences(MachineState native, MachineState ours, ulong undefined = 0)
    {
        var text = new StringBuilder();
        for (int i = 0; i < 16; i++)
        {
            if (native.General[i] != ours.General[i]) text.Append($"{Register.RAX + i} host {native.General[i]:x} ours {ours.General[i]:x}; ");
        }
        ulong flags = (native.Flags ^ ours.Flags) & 0x8D5 & ~undefined;
        if (flags != 0) text.Append($"flags host {native.Flags & 0x8D5:x} ours {ours.Flags & 0x8D5:x} (undefined {undefined:x}); ");
        foreach ((string name, int start, int length) in s_parts)
        {
            if (!native.Extended.AsSpan(start, length).SequenceEqual(ours.Extended.AsSpan(start, length)))
                text.Append($"{name} host {Convert.ToHexString(native.Extended, start, length)} ours {Convert.ToHexString(ours.Extended, start, length)}; ");
        }
        return text.ToString();
    }

    /// <summary>Differences of two guests that have run the same: registers, RIP and memory.</summary>
    public static string Differences(MachineState one, GuestProcessor first, MachineState two, GuestProcessor second)
    {
        string text = first.Rip != second.Rip ? $"RIP {first.Rip:x} and {second.Rip:x}; " : "";
        text += Differences(one, two);
        if (!first.Memory.SequenceEqual(second.Memory)) text += "memory; ";
        if (!first.StackMemory.SequenceEqual(second.StackMemory)) text += "stack; ";
        return text;
    }

    private string Differences(MachineState native, MachineState ours, ulong undefined, byte[] before)
    {
        var text = new StringBuilder(Differences(native, ours, undefined));
        if (!host.Memory.SequenceEqual(guest.Memory))
        {
            int at = host.Memory.CommonPrefixLength(guest.Memory);
            text.Append($"memory+{at:x} was {Convert.ToHexString(before, at & ~7, 8)} host {Convert.ToHexString(host.Memory.Slice(at & ~7, 8))} ours {Convert.ToHexString(guest.Memory.Slice(at & ~7, 8))}; ");
        }
        int stack = (int)Math.Clamp((long)(native.General[4] - HostProcessor.Stack), 0, HostProcessor.StackSize);
        if (!host.StackMemory[stack..].SequenceEqual(guest.StackMemory[stack..])) text.Append("stack; ");
        return text.ToString();
    }

    // x87 opcode and pointers are left out: the manual lets processors update them only on exceptions.
    private static readonly (string, int, int)[] s_parts = [.. Parts()];

    private static IEnumerable<(string, int, int)> Parts()
    {
        yield return ("FCW", 0, 2);
        yield return ("FSW", 2, 2);
        yield return ("FTW", 4, 1);
        yield return ("MXCSR", 24, 4);
        for (int i = 0; i < 8; i++) yield return ($"ST{i}", 32 + (i * 16), 10);
        for (int i = 0; i < 16; i++) yield return ($"XMM{i}", 160 + (i * 16), 16);
        for (int i = 0; i < 16; i++) yield return ($"YMM{i}H", 576 + (i * 16), 16);
    }

    private sealed class ListWriter(List<byte> bytes) : CodeWriter
    {
        public override void WriteByte(byte value) => bytes.Add(value);
    }
}
