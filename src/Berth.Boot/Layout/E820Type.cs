namespace Berth.Boot.Layout;

/// <summary>Kinds of address ranges. Spec: [ACPI] table 15-374.</summary>
public enum E820Type : uint
{
    /// <summary>RAM for the operating system.</summary>
    Usable = 1,

    /// <summary>Not for the operating system.</summary>
    Reserved = 2,
}
