using System.Text;

namespace Berth.Networks.Tests.Names;

/// <summary>Queries as clients send them.</summary>
internal static class QuestionBytes
{
    public static byte[] Query(string name, ushort type, ushort id = 0x1234, bool extended = false)
    {
        var bytes = new List<byte> { (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, extended ? (byte)1 : (byte)0 };
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }
        bytes.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (extended)
            bytes.AddRange([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
        return [.. bytes];
    }
}
