using Berth.Cli.Api;
using Berth.Cli.CommandLine;
using Berth.Cli.Http;
using Berth.Linux;

namespace Berth.Cli.Streams;

/// <summary>Writes an archive that the daemon sends to a file or to standard output.</summary>
internal static class Download
{
    /// <summary>An archive on a terminal helps nobody.</summary>
    public static void RefuseTerminal(CommandContext context, string? file)
    {
        if (file is null && Libc.IsTerminal(context.StdOut))
        {
            throw new CliException("an archive is not written to a terminal: use -o FILE, or redirect standard output");
        }
    }

    /// <summary>Writes everything. A file appears under its name only when it is complete.</summary>
    public static void Save(CommandContext context, Stream source, string? file)
    {
        if (file is null)
        {
            context.Flush();
            using DescriptorStream output = new(new FileDescriptor(context.StdOut.Number, ownsHandle: false));
            source.CopyTo(output, 64 * 1024);
            return;
        }
        if (File.Exists(file) && (File.GetAttributes(file) & FileAttributes.Device) != 0)
        {
            using var device = File.OpenWrite(file);
            source.CopyTo(device, 64 * 1024);
            return;
        }
        var partial = $"{file}.partial-{Environment.ProcessId}";
        try
        {
            using (var target = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
            {
                source.CopyTo(target, 64 * 1024);
            }
            File.Move(partial, file, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
