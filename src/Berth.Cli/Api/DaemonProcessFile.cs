using System.Globalization;

namespace Berth.Cli.Api;

/// <summary>The daemon's pid file.</summary>
internal static class DaemonProcessFile
{
    /// <summary>The pid of a running berthd of that run root, or null.</summary>
    public static int? Read(BerthPaths paths)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(paths.RunRoot, "berthd.pid")).Trim();
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || pid <= 1)
            {
                return null;
            }
            // The file may be left from before a reboot and the number belong to somebody else.
            return File.ReadAllText($"/proc/{pid}/comm").Trim() is "berthd" or ".NET TP Worker" ? pid : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
