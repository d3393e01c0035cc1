using System.Buffers.Binary;
using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Interpreter;

/// <summary>Model-specific registers. Unknown numbers raise #GP, as Linux expects when it probes. Spec: [SDM4] 2, [KVM-MSR].</summary>
internal sealed unsafe class Msrs(Core core, CpuState* s)
{
    private readonly ulong[] _mtrrs = new ulong[16];
    private readonly ulong[] _fixedMtrrs = new ulong[32];
    private ulong _mtrrDefault = 6;
    private ulong _miscEnable = CpuModel.MiscEnable;
    private ulong _speculation, _featureControl = 1, _mcgStatus, _debugControl;
    private ulong _wallClock, _systemTime;
    private ulong _restoredOffset; // between this machine's counter and the one that a snapshot came from

    /// <summary>The guest's TSC now.</summary>
    public ulong ReadTsc() => core.Config.Clock.ReadTsc() + Offset;

    private ulong Offset => _restoredOffset + s->TscAdjust;

    /// <summary>Reads; false if there is no such register.</summary>
    public bool TryRead(uint index, out ulong value)
    {
        value = 0;
        switch (index)
        {
            case Msr.Tsc: value = ReadTsc(); return true;
            case Msr.TscAdjust: value = s->TscAdjust; return true;
            case Msr.ApicBase: value = core.Apic?.BaseMsr ?? (0xFEE0_0000 | (core.Index == 0 ? 0x100UL : 0)); return true;
            case Msr.FeatureControl: value = _featureControl; return true;
            case Msr.SpeculationControl: value = _speculation; return true;
            case Msr.PredictionCommand: return false;
            case Msr.MicrocodeRevision: value = CpuModel.MicrocodeRevision; return true;
            case Msr.MtrrCapabilities: value = 0x508; return true;
            case Msr.ArchitectureCapabilities: value = CpuModel.ArchitectureCapabilities; return true;
            case Msr.SysenterCs: value = s->SysenterCs; return true;
            case Msr.SysenterEsp: value = s->SysenterEsp; return true;
            case Msr.SysenterEip: value = s->SysenterEip; return true;
            case Msr.MachineCheckCapabilities: return true;
            case Msr.MachineCheckStatus: value = _mcgStatus; return true;
            case Msr.MiscEnable: value = _miscEnable; return true;
            case Msr.DebugControl: value = _debugControl; return true;
            case >= Msr.MtrrPhysicalBase0 and <= 0x20F: value = _mtrrs[index - Msr.MtrrPhysicalBase0]; return true;
            case Msr.MtrrFix64K or 0x258 or 0x259 or >= 0x268 and <= 0x26F: value = _fixedMtrrs[index - Msr.MtrrFix64K]; return true;
            case Msr.Pat: value = s->Pat; return true;
            case Msr.MtrrDefaultType: value = _mtrrDefault; return true;
            case Msr.TscDeadline: value = core.Apic?.TscDeadline is { } deadline and not 0 ? deadline + Offset : 0; return true;
            case >= Msr.X2ApicFirst and <= Msr.X2ApicLast:
                return core.Apic is { } apic && apic.TryReadRegister((int)(index - Msr.X2ApicFirst), out value);
            case Msr.Efer: value = s->Efer; return true;
            case Msr.Star: value = s->Star; return true;
            case Msr.Lstar: value = s->Lstar; return true;
            case Msr.Cstar: value = s->Cstar; return true;
            case Msr.Fmask: value = s->Fmask; return true;
            case Msr.FsBase: value = s->Fs.Base; return true;
            case Msr.GsBase: value = s->Gs.Base; return true;
            case Msr.KernelGsBase: value = s->KernelGsBase; return true;
            case Msr.TscAux: value = s->TscAux; return true;
            case Msr.KvmWallClock: value = _wallClock; return true;
            case Msr.KvmSystemTime: value = _systemTime; return true;
            default: return false;
        }
    }

    private static bool IsCanonical(ulong value) => (ulong)((long)value << 16 >> 16) == value;

    /// <summary>Writes; false if there is no such register or the value is not allowed.</summary>
    public bool TryWrite(uint index, ulong value)
    {
        switch (index)
        {
            case Msr.Tsc: s->TscAdjust += value - ReadTsc(); return true;
            case Msr.TscAdjust: s->TscAdjust = value; return true;
            case Msr.ApicBase: return core.Apic?.TryWriteBaseMsr(value) ?? true;
            case Msr.FeatureControl: return (_featureControl & 1) == 0;
            case Msr.SpeculationControl: return Keep(ref _speculation, value, 0x407);
            case Msr.PredictionCommand: return (value & ~1UL) == 0;
            case Msr.MicrocodeRevision: return true;
            case Msr.SysenterCs: s->SysenterCs = value; return true;
            case Msr.SysenterEsp: return Canonical(out s->SysenterEsp, s->SysenterEsp, value);
            case Msr.SysenterEip: return Canonical(out s->SysenterEip, s->SysenterEip, value);
            case Msr.MachineCheckStatus: _mcgStatus = value; return true;
            case Msr.MiscEnable: _miscEnable = value; return true;
            case Msr.DebugControl: return Keep(ref _debugControl, value, 3);
            case >= Msr.MtrrPhysicalBase0 and <= 0x20F: _mtrrs[index - Msr.MtrrPhysicalBase0] = value; return true;
            case Msr.MtrrFix64K or 0x258 or 0x259 or >= 0x268 and <= 0x26F: _fixedMtrrs[index - Msr.MtrrFix64K] = value; return true;
            case Msr.Pat: return WritePat(value);
            case Msr.MtrrDefaultType: _mtrrDefault = value & 0xCFF; return true;
            case Msr.TscDeadline:
                if (core.Apic is null) return false;
                core.Apic.TscDeadline = value == 0 ? 0 : value - Offset;
                return true;
            case >= Msr.X2ApicFirst and <= Msr.X2ApicLast: return core.Apic?.TryWriteRegister((int)(index - Msr.X2ApicFirst), value) ?? false;
            case Msr.Efer: return core.Control.WriteEfer(value) || Refused();
            case Msr.Star: s->Star = value; return true;
            case Msr.Lstar: return Canonical(out s->Lstar, s->Lstar, value);
            case Msr.Cstar: return Canonical(out s->Cstar, s->Cstar, value);
            case Msr.Fmask: s->Fmask = (uint)value; return true;
            case Msr.FsBase: return SetBase(SegmentName.Fs, value);
            case Msr.GsBase: return SetBase(SegmentName.Gs, value);
            case Msr.KernelGsBase: return Canonical(out s->KernelGsBase, s->KernelGsBase, value);
            case Msr.TscAux: s->TscAux = (uint)value; return value >> 32 == 0;
            case Msr.KvmWallClock: _wallClock = value; WriteWallClock(value); return true;
            case Msr.KvmSystemTime: _systemTime = value; WriteSystemTime(value); return true;
            default: return false;
        }
    }

    /// <summary>Writes what a snapshot holds: unlike a guest's writes, those of the counter and of its adjustment do not change each other.</summary>
    /// <exception cref="ArgumentException">The register does not take the value.</exception>
    public void Restore(uint index, ulong value)
    {
        if (index == Msr.Tsc) _restoredOffset += value - ReadTsc();
        else if (index == Msr.TscAdjust)
        {
            _restoredOffset += s->TscAdjust - value;
            s->TscAdjust = value;
        }
        else if (!TryWrite(index, value)) throw new ArgumentException($"MSR {index:x} does not take {value:x}.", nameof(value));
    }

    private bool Refused()
    {
        s->FaultVector = -1;
        return false;
    }

    private static bool Keep(ref ulong field, ulong value, ulong known)
    {
        if ((value & ~known) != 0) return false;
        field = value;
        return true;
    }

    private static bool Canonical(out ulong field, ulong old, ulong value)
    {
        bool good = IsCanonical(value);
        field = good ? value : old;
        return good;
    }

    private bool SetBase(SegmentName name, ulong value)
    {
        if (!IsCanonical(value)) return false;
        core.Segmentation.SetBase((int)name, value);
        return true;
    }

    private bool WritePat(ulong value)
    {
        for (int i = 0; i < 64; i += 8)
        {
            if ((value >> i & 0xFF) is not (0 or 1 or 4 or 5 or 6 or 7)) return false;
        }
        s->Pat = value;
        return true;
    }

    // struct pvclock_wall_clock: version, sec, nsec
    private void WriteWallClock(ulong address)
    {
        ulong time = core.Config.Clock.BootTime;
        Span<byte> record = stackalloc byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 2);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(time / 1_000_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], (uint)(time % 1_000_000_000));
        core.Config.Memory.Write(address & ~3UL, record);
    }

    // struct pvclock_vcpu_time_info; written once, since the TSC never changes its rate
    private void WriteSystemTime(ulong value)
    {
        if ((value & 1) == 0) return;
        ulong tsc = core.Config.Clock.ReadTsc(), frequency = core.Config.Clock.TscFrequency;
        // nanoseconds = (ticks << shift) * multiplier >> 32, with the multiplier in its upper half for precision
        int shift = 0;
        UInt128 multiplier = ((UInt128)1_000_000_000 << 32) / frequency;
        while (multiplier >= (UInt128)1 << 32) { multiplier >>= 1; shift++; }
        while (multiplier < (UInt128)1 << 31) { multiplier <<= 1; shift--; }
        Span<byte> record = stackalloc byte[32];
        record.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record, 2);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], tsc + Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(record[16..], core.Config.Clock.NanosecondsAt(tsc));
        BinaryPrimitives.WriteUInt32LittleEndian(record[24..], (uint)multiplier);
        record[28] = (byte)shift;
        record[29] = 1; // PVCLOCK_TSC_STABLE_BIT
        core.Config.Memory.Write(value & ~1UL, record);
    }
}
