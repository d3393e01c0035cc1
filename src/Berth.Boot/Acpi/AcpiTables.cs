using Berth.Boot.Layout;

namespace Berth.Boot.Acpi;

/// <summary>All tables as one block for a fixed guest-physical address, RSDP first. Spec: [ACPI] 5.2.</summary>
public sealed class AcpiTables
{
    private const int RsdpLength = 36;

    private AcpiTables(byte[] bytes, ulong address, IReadOnlyDictionary<string, byte[]> tables)
    {
        Bytes = bytes;
        RsdpAddress = address;
        Tables = tables;
    }

    /// <summary>The block.</summary>
    public byte[] Bytes { get; }

    /// <summary>Guest-physical address of the block and of the RSDP.</summary>
    public ulong RsdpAddress { get; }

    /// <summary>Each table by signature.</summary>
    public IReadOnlyDictionary<string, byte[]> Tables { get; }

    /// <summary>Makes the tables for <paramref name="address"/>.</summary>
    /// <exception cref="ArgumentException">They need more than <paramref name="space"/> bytes: too many processors.</exception>
    public static AcpiTables Build(AcpiPlatform platform, ulong address, int space)
    {
        ArgumentNullException.ThrowIfNull(platform);
        var block = new TableWriter();
        var tables = new Dictionary<string, byte[]>();
        block.Zeros(RsdpLength);
        ulong Add(string signature, byte[] table)
        {
            block.Zeros(-block.Length & 63); // FACS wants 64-byte alignment; the others do not mind
            ulong at = address + (ulong)block.Length;
            block.U8(table);
            tables.Add(signature, table);
            return at;
        }

        ulong facs = Add("FACS", Fadt.Facs());
        ulong dsdt = Add("DSDT", AcpiTable.Wrap("DSDT", 2, Dsdt.Build(platform)));
        List<ulong> listed = [Add("FACP", Fadt.Build(platform, facs, dsdt)), Add("APIC", Madt.Build(platform))];
        if (platform.HasPci && platform.EcamLength != 0) listed.Add(Add("MCFG", Mcfg(platform)));
        var pointers = new TableWriter();
        foreach (ulong table in listed) pointers.U64(table);
        ulong xsdt = Add("XSDT", AcpiTable.Wrap("XSDT", 1, pointers.ToArray()));
        if (block.Length > space) throw new ArgumentException($"ACPI tables for {platform.CpuCount} processors need {block.Length} bytes.", nameof(platform));
        byte[] bytes = block.ToArray();
        Rsdp(xsdt).CopyTo(bytes, 0);
        return new AcpiTables(bytes, address, tables);
    }

    private static byte[] Rsdp(ulong xsdt)
    {
        byte[] rsdp = new TableWriter().Text("RSD PTR ", 8).U8(0).Text("BERTH", 6).U8(2).U32(0).U32(RsdpLength).U64(xsdt).U8(0, 0, 0, 0).ToArray();
        rsdp[8] = TableWriter.Checksum(rsdp.AsSpan(0, 20));
        rsdp[32] = TableWriter.Checksum(rsdp);
        return rsdp;
    }

    private static byte[] Mcfg(AcpiPlatform platform) => AcpiTable.Wrap("MCFG", 1,
        new TableWriter().U64(0).U64(platform.EcamAddress).U16(0).U8(0, (byte)(platform.EcamBuses - 1)).U32(0).ToArray());
}
