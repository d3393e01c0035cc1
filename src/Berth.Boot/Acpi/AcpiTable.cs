using Berth.Boot.Layout;

namespace Berth.Boot.Acpi;

/// <summary>Puts the header that all tables share before a table's body. Spec: [ACPI] 5.2.6.</summary>
internal static class AcpiTable
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 36;

    private const int ChecksumOffset = 9;

    /// <summary>The whole table, its checksum set.</summary>
    public static byte[] Wrap(string signature, byte revision, byte[] body)
    {
        byte[] table = new TableWriter().Text(signature, 4).U32((uint)(HeaderLength + body.Length)).U8(revision, 0)
            .Text("BERTH", 6).Text("BERTHVM", 8).U32(1).Text("BRTH", 4).U32(1).U8(body).ToArray();
        table[ChecksumOffset] = TableWriter.Checksum(table);
        return table;
    }
}
