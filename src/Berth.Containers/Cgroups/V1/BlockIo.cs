using System.Globalization;
using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups.V1;

/// <summary>The blkio controller. Kernel documentation: admin-guide/cgroup-v1/blkio-controller.rst.</summary>
internal static class BlockIo
{
    public static bool Wants(BlockIoResources io) => io.Weight is > 0 || io.LeafWeight is > 0 || io.WeightDevice.Count > 0 || Throttles(io).Any(static t => t.Devices.Count > 0);

    public static void Apply(string directory, BlockIoResources io)
    {
        // With the BFQ scheduler the files carry its name.
        string prefix = CgroupFile.Exists(directory, "blkio.bfq.weight") ? "blkio.bfq." : "blkio.";
        if (io.Weight is > 0)
            CgroupFile.Write(directory, prefix + "weight", (ulong)io.Weight.Value);
        if (io.LeafWeight is > 0)
            CgroupFile.Write(directory, prefix + "leaf_weight", (ulong)io.LeafWeight.Value);
        foreach (WeightDevice device in io.WeightDevice)
        {
            if (device.Weight is > 0)
                CgroupFile.Write(directory, prefix + "weight_device", $"{device.Major}:{device.Minor} {device.Weight}");
            if (device.LeafWeight is > 0)
                CgroupFile.Write(directory, prefix + "leaf_weight_device", $"{device.Major}:{device.Minor} {device.LeafWeight}");
        }
        foreach ((string file, IReadOnlyList<ThrottleDevice> devices) in Throttles(io))
        {
            foreach (ThrottleDevice device in devices)
                CgroupFile.Write(directory, file, $"{device.Major}:{device.Minor} {device.Rate}");
        }
    }

    private static (string File, IReadOnlyList<ThrottleDevice> Devices)[] Throttles(BlockIoResources io) =>
    [
        ("blkio.throttle.read_bps_device", io.ThrottleReadBpsDevice), ("blkio.throttle.write_bps_device", io.ThrottleWriteBpsDevice),
        ("blkio.throttle.read_iops_device", io.ThrottleReadIopsDevice), ("blkio.throttle.write_iops_device", io.ThrottleWriteIopsDevice),
    ];

    public static BlockIoStats Read(string directory) => new()
    {
        ServiceBytes = ReadEntries(directory, "io_service_bytes_recursive"),
        Serviced = ReadEntries(directory, "io_serviced_recursive"),
    };

    // BFQ's own counters are empty unless that scheduler drives the device; the throttling layer counts for all.
    private static List<BlockIoEntry> ReadEntries(string directory, string name)
    {
        List<BlockIoEntry> entries = Parse(CgroupFile.TryRead(directory, "blkio.bfq." + name));
        return entries.Count > 0 ? entries : Parse(CgroupFile.TryRead(directory, "blkio.throttle." + name));
    }

    internal static List<BlockIoEntry> Parse(string? text)
    {
        var entries = new List<BlockIoEntry>();
        foreach (string line in (text ?? "").Split('\n'))
        {
            // "8:0 Read 4096"; the sum line "Total 8192" names no device
            string[] words = line.Split(' ', ':');
            if (words.Length == 4 && Number(words[0], out ulong major) && Number(words[1], out ulong minor) && Number(words[3], out ulong value))
                entries.Add(new BlockIoEntry(major, minor, words[2].ToLowerInvariant(), value));
        }
        return entries;
    }

    private static bool Number(string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
