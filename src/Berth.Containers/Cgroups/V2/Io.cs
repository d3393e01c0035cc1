using System.Globalization;
using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups.V2;

/// <summary>The io controller.</summary>
internal static class Io
{
    public static void Apply(string directory, BlockIoResources io)
    {
        bool bfq = CgroupFile.Exists(directory, "io.bfq.weight");
        if (io.Weight is > 0)
            CgroupFile.Write(directory, bfq ? "io.bfq.weight" : "io.weight", bfq ? io.Weight.Value : Weight(io.Weight.Value));
        foreach (WeightDevice device in io.WeightDevice.Where(static d => d.Weight is > 0))
        {
            ulong weight = bfq ? device.Weight!.Value : Weight(device.Weight!.Value);
            CgroupFile.Write(directory, bfq ? "io.bfq.weight" : "io.weight", $"{device.Major}:{device.Minor} {weight}");
        }
        Throttle(directory, "rbps", io.ThrottleReadBpsDevice);
        Throttle(directory, "wbps", io.ThrottleWriteBpsDevice);
        Throttle(directory, "riops", io.ThrottleReadIopsDevice);
        Throttle(directory, "wiops", io.ThrottleWriteIopsDevice);
    }

    /// <summary>The specification's 10 to 1000 onto 1 to 10000.</summary>
    internal static ulong Weight(ushort weight) => 1 + ((ulong)weight - 10) * 9999 / 990;

    private static void Throttle(string directory, string key, IReadOnlyList<ThrottleDevice> devices)
    {
        foreach (ThrottleDevice device in devices)
        {
            string rate = device.Rate == 0 ? "max" : device.Rate.ToString(CultureInfo.InvariantCulture);
            CgroupFile.Write(directory, "io.max", $"{device.Major}:{device.Minor} {key}={rate}");
        }
    }

    public static BlockIoStats Read(string directory)
    {
        var bytes = new List<BlockIoEntry>();
        var requests = new List<BlockIoEntry>();
        foreach (string line in (CgroupFile.TryRead(directory, "io.stat") ?? "").Split('\n'))
        {
            // "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0"
            string[] words = line.Split(' ');
            string[] device = words[0].Split(':');
            if (device.Length != 2 || !Number(device[0], out ulong major) || !Number(device[1], out ulong minor))
                continue;
            foreach (string word in words.AsSpan(1))
            {
                int equals = word.IndexOf('=');
                if (equals < 0 || !Number(word[(equals + 1)..], out ulong value))
                    continue;
                switch (word[..equals])
                {
                    case "rbytes": bytes.Add(new BlockIoEntry(major, minor, "read", value)); break;
                    case "wbytes": bytes.Add(new BlockIoEntry(major, minor, "write", value)); break;
                    case "rios": requests.Add(new BlockIoEntry(major, minor, "read", value)); break;
                    case "wios": requests.Add(new BlockIoEntry(major, minor, "write", value)); break;
                }
            }
        }
        return new BlockIoStats { ServiceBytes = bytes, Serviced = requests };
    }

    private static bool Number(string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
