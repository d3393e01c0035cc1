namespace Berth.X86;

/// <summary>Bits of RFLAGS. Spec: [SDM1] 3.4.3.</summary>
public static class RFlags
{
    /// <summary>CF.</summary>
    public const ulong Carry = 1UL << 0;

    /// <summary>Always one.</summary>
    public const ulong Fixed = 1UL << 1;

    /// <summary>PF.</summary>
    public const ulong Parity = 1UL << 2;

    /// <summary>AF.</summary>
    public const ulong Adjust = 1UL << 4;

    /// <summary>ZF.</summary>
    public const ulong Zero = 1UL << 6;

    /// <summary>SF.</summary>
    public const ulong Sign = 1UL << 7;

    /// <summary>TF, single-step.</summary>
    public const ulong Trap = 1UL << 8;

    /// <summary>IF.</summary>
    public const ulong Interrupt = 1UL << 9;

    /// <summary>DF.</summary>
    public const ulong Direction = 1UL << 10;

    /// <summary>OF.</summary>
    public const ulong Overflow = 1UL << 11;

    /// <summary>IOPL.</summary>
    public const ulong IoPrivilege = 3UL << 12;

    /// <summary>NT.</summary>
    public const ulong NestedTask = 1UL << 14;

    /// <summary>RF.</summary>
    public const ulong Resume = 1UL << 16;

    /// <summary>VM.</summary>
    public const ulong Virtual8086 = 1UL << 17;

    /// <summary>AC; under SMAP it opens user pages.</summary>
    public const ulong AlignmentCheck = 1UL << 18;

    /// <summary>VIF.</summary>
    public const ulong VirtualInterrupt = 1UL << 19;

    /// <summary>VIP.</summary>
    public const ulong VirtualInterruptPending = 1UL << 20;

    /// <summary>ID.</summary>
    public const ulong Identification = 1UL << 21;

    /// <summary>The six flags that arithmetic sets.</summary>
    public const ulong Status = Carry | Parity | Adjust | Zero | Sign | Overflow;
}
