using System.Globalization;
using System.Text;

namespace Berth.Cli;

/// <summary>
/// Writes the JSON of request bodies. System.Text.Json would do the same, but loading it and compiling its vector code at run time
/// takes longer than a whole container: so the way of <c>berth run</c> does without.
/// </summary>
internal sealed class JsonText
{
    private readonly StringBuilder _text = new(512);
    private bool _first = true;

    /// <summary>Opens an object as an element of an array, or the whole.</summary>
    public void WriteStartObject() => Open(null, '{');

    /// <summary>Opens an object as a field.</summary>
    public void WriteStartObject(string name) => Open(name, '{');

    /// <summary>Closes the object.</summary>
    public void WriteEndObject() => Close('}');

    /// <summary>Opens an array as an element of an array.</summary>
    public void WriteStartArray() => Open(null, '[');

    /// <summary>Opens an array as a field.</summary>
    public void WriteStartArray(string name) => Open(name, '[');

    /// <summary>Closes the array.</summary>
    public void WriteEndArray() => Close(']');

    /// <summary>Writes a field.</summary>
    public void WriteString(string name, string value)
    {
        Begin(name);
        Quote(value);
    }

    /// <summary>Writes a field.</summary>
    public void WriteNumber(string name, long value)
    {
        Begin(name);
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Writes a field.</summary>
    public void WriteBoolean(string name, bool value)
    {
        Begin(name);
        _text.Append(value ? "true" : "false");
    }

    /// <summary>Writes an element.</summary>
    public void WriteStringValue(string value)
    {
        Begin(null);
        Quote(value);
    }

    /// <summary>Writes an element.</summary>
    public void WriteNumberValue(long value)
    {
        Begin(null);
        _text.Append(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>What was written.</summary>
    public override string ToString() => _text.ToString();

    private void Open(string? name, char bracket)
    {
        Begin(name);
        _text.Append(bracket);
        _first = true;
    }

    private void Close(char bracket)
    {
        _text.Append(bracket);
        _first = false;
    }

    private void Begin(string? name)
    {
        if (!_first)
        {
            _text.Append(',');
        }
        _first = false;
        if (name is not null)
        {
            Quote(name);
            _text.Append(':');
        }
    }

    // [RFC8259] section 7: quotes, backslashes and control characters must be escaped, nothing else.
    private void Quote(string text)
    {
        _text.Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\')
            {
                _text.Append('\\').Append(c);
            }
            else if (c < ' ')
            {
                _text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            }
            else
            {
                _text.Append(c);
            }
        }
        _text.Append('"');
    }
}
