using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Machine;
using Berth.X86;

namespace Berth.Kvm;

/// <summary>What is said when KVM cannot go on.</summary>
public sealed unsafe partial class KvmCpu
{
    private CpuExit Failed(string why)
    {
        StringBuilder text = new(why);
        try
        {
            _incomplete = false;
            AppendRegisters(text.AppendLine(), GetRegisters());
        }
        catch (LinuxException e)
        {
            text.Append(CultureInfo.InvariantCulture, $"(registers cannot be read: {e.Message})");
        }
        return new(CpuExitReason.Error, text.ToString().TrimEnd());
    }

    private string InternalError()
    {
        if (_run->internal_suberror != Libc.KVM_INTERNAL_ERROR_EMULATION) return $"KVM met an internal error, number {_run->internal_suberror}";
        const string What = "KVM cannot emulate an instruction of the guest";
        if (_run->internal_ndata < 3 || (_run->emulation_failure_flags & Libc.KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) == 0) return What;
        // SAFETY: the array has 15 bytes.
        var bytes = new ReadOnlySpan<byte>(_run->emulation_failure_insn_bytes, Math.Min((int)_run->emulation_failure_insn_size, 15));
        return $"{What}, which begins with {Convert.ToHexStringLower(bytes)}";
    }

    private static void AppendRegisters(StringBuilder text, CpuRegisters r)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        text.AppendLine(plain, $"rip {r.Rip:x16} flags {r.Flags:x16}");
        for (int i = 0; i < 16; i++) text.Append(plain, $"{((GeneralRegister)i).ToString().ToLowerInvariant(),-3} {r.General[i]:x16}{(i % 4 == 3 ? '\n' : ' ')}");
        text.AppendLine(plain, $"cr0 {r.Cr0:x16} cr2 {r.Cr2:x16} cr3 {r.Cr3:x16} cr4 {r.Cr4:x16} efer {r.Efer:x}");
        for (int i = 0; i < 6; i++) text.Append(plain, $"{((SegmentName)i).ToString().ToLowerInvariant()} {r.Segments[i].Selector:x4} base {r.Segments[i].Base:x16}{(i % 3 == 2 ? '\n' : ' ')}");
    }
}
