using System.Text;
using Berth.Guest;

namespace Berth.Vmm.Agent;

/// <summary>Receives the layer that a workload leaves behind. The file appears under its name only when it is whole.</summary>
internal static class LayerFile
{
    private const int MaxComplaint = 4096;

    /// <exception cref="GuestException">The guest could not read it, or gave more than the limit.</exception>
    public static async Task ReceiveAsync(GuestChannel channel, string path, long limit)
    {
        GuestProcess layer = await channel.StartLayerAsync();
        Task<string> complaint = ReadComplaintAsync(layer);
        string half = path + ".new";
        await using (FileStream file = new(half, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            byte[] buffer = new byte[64 << 10];
            for (int count; (count = await layer.ReadAsync(GuestOutput.Stdout, buffer)) > 0;)
            {
                if (file.Position + count > limit) throw new GuestException(125, 0, $"what the command left behind has more than {limit} bytes as a layer");
                await file.WriteAsync(buffer.AsMemory(0, count));
            }
        }
        GuestExit exit = await layer.Exited;
        if (exit.ExitCode != 0) throw new GuestException(125, 0, await complaint is { Length: > 0 } said ? said : $"the layer cannot be read: its reader ended with {exit.ExitCode}");
        File.Move(half, path, overwrite: true);
    }

    private static async Task<string> ReadComplaintAsync(GuestProcess layer)
    {
        StringBuilder said = new();
        byte[] buffer = new byte[1024];
        for (int count; (count = await layer.ReadAsync(GuestOutput.Stderr, buffer)) > 0;)
        {
            if (said.Length < MaxComplaint) said.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        return said.ToString().TrimEnd();
    }
}
