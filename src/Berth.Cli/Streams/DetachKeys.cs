using Berth.Cli.CommandLine;

namespace Berth.Cli.Streams;

/// <summary>
/// Watches typed bytes for the sequence that leaves a container running and gives the terminal back, as <c>ctrl-p,ctrl-q</c>.
/// Bytes that may begin the sequence are held until the next ones decide.
/// </summary>
internal sealed class DetachKeys
{
    /// <summary>docker's default.</summary>
    public const string Default = "ctrl-p,ctrl-q";

    private readonly byte[] _keys;
    private int _matched;

    private DetachKeys(byte[] keys) => _keys = keys;

    /// <summary>Reads <c>--detach-keys</c>: letters or <c>ctrl-</c> with a letter or one of @ [ \ ] ^ _, separated by commas.</summary>
    public static DetachKeys Parse(string? text)
    {
        var names = (string.IsNullOrEmpty(text) ? Default : text).Split(',');
        var keys = new byte[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            keys[i] = Key(names[i], text);
        }
        return new DetachKeys(keys);
    }

    /// <summary>Moves what may go to the workload from <paramref name="typed"/> to <paramref name="passed"/>; true when the sequence is complete.</summary>
    public bool Feed(ReadOnlySpan<byte> typed, List<byte> passed)
    {
        foreach (var b in typed)
        {
            if (b == _keys[_matched])
            {
                if (++_matched == _keys.Length)
                {
                    _matched = 0;
                    return true;
                }
                continue;
            }
            for (var i = 0; i < _matched; i++)
            {
                passed.Add(_keys[i]);
            }
            _matched = 0;
            if (b == _keys[0])
            {
                _matched = 1;
            }
            else
            {
                passed.Add(b);
            }
        }
        return false;
    }

    private static byte Key(string name, string? whole)
    {
        if (name.Length == 1 && name[0] < 128)
        {
            return (byte)name[0];
        }
        if (name.StartsWith("ctrl-", StringComparison.OrdinalIgnoreCase) && name.Length == 6)
        {
            var c = char.ToLowerInvariant(name[5]);
            if (c is >= 'a' and <= 'z')
            {
                return (byte)(c - 'a' + 1);
            }
            if (c is '@' or '[' or '\\' or ']' or '^' or '_')
            {
                return (byte)(c & 0x1F);
            }
        }
        throw new UsageException($"invalid --detach-keys \"{whole}\": use letters or ctrl-letter, separated by commas, as ctrl-p,ctrl-q");
    }
}
