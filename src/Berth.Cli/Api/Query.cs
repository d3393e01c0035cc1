using System.Globalization;
using System.Text;

namespace Berth.Cli.Api;

/// <summary>Builds a request target: path, then parameters, all escaped.</summary>
internal sealed class Query
{
    private readonly StringBuilder _text;
    private bool _any;

    /// <summary>Starts with an escaped path.</summary>
    public Query(string path) => _text = new StringBuilder(path);

    /// <summary>Adds a parameter unless <paramref name="value"/> is null.</summary>
    public Query Add(string name, string? value)
    {
        if (value is not null)
        {
            _text.Append(_any ? '&' : '?').Append(name).Append('=').Append(Escape(value));
            _any = true;
        }
        return this;
    }

    /// <summary>Adds <c>name=1</c> when <paramref name="value"/> holds.</summary>
    public Query Add(string name, bool value) => value ? Add(name, "1") : this;

    /// <summary>Adds a number unless it is null.</summary>
    public Query Add(string name, long? value) => Add(name, value?.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>Escapes everything but unreserved characters and, for paths, the characters in <paramref name="also"/> ([RFC3986] section 2.3).</summary>
    public static string Escape(string text, string also = "")
    {
        StringBuilder? escaped = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            var plain = char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' || also.Contains(c, StringComparison.Ordinal);
            if (plain)
            {
                escaped?.Append(c);
                continue;
            }
            escaped ??= new StringBuilder(text, 0, i, text.Length * 2);
            var length = char.IsHighSurrogate(c) && i + 1 < text.Length ? 2 : 1;
            foreach (var b in Encoding.UTF8.GetBytes(text.Substring(i, length)))
            {
                escaped.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
            i += length - 1;
        }
        return escaped?.ToString() ?? text;
    }
}
