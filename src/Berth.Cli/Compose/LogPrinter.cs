using System.Text;
using Berth.Cli.CommandLine;
using Berth.Linux;

namespace Berth.Cli.Compose;

/// <summary>Prints lines of several containers on standard output, each behind its container's name in a colour of its own.</summary>
internal sealed class LogPrinter(CommandContext context, bool colors, bool prefixes)
{
    private static readonly string[] s_colors = ["36", "33", "32", "35", "34", "36;1", "33;1", "32;1", "35;1", "34;1"];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private int _width;

    /// <summary>Makes a name known, so that prefixes are aligned from the first line on.</summary>
    public void Add(string name)
    {
        lock (_lock)
        {
            _names.TryAdd(name, _names.Count);
            _width = Math.Max(_width, name.Length);
        }
    }

    /// <summary>Prints one line, without its end.</summary>
    public void Write(string name, ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            var prefix = Encoding.UTF8.GetBytes(Prefix(name));
            var bytes = new byte[prefix.Length + line.Length + 1];
            prefix.CopyTo(bytes, 0);
            line.CopyTo(bytes.AsSpan(prefix.Length));
            bytes[^1] = (byte)'\n';
            Libc.WriteAll(context.StdOut, bytes);
        }
    }

    /// <summary>Prints a message about a container.</summary>
    public void Say(string name, string message)
    {
        lock (_lock)
        {
            Libc.WriteAll(context.StdOut, Encoding.UTF8.GetBytes(Colored(name, $"{name} {message}") + "\n"));
        }
    }

    private string Prefix(string name) => prefixes ? Colored(name, $"{name.PadRight(_width)}  | ") : "";

    private string Colored(string name, string text)
    {
        if (!colors)
        {
            return text;
        }
        _names.TryAdd(name, _names.Count);
        return $"\e[{s_colors[_names[name] % s_colors.Length]}m{text}\e[0m";
    }
}
