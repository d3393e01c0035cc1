using System.Globalization;

namespace Berth.Cli.Templates;

/// <summary>The functions templates may call: docker's, and those of Go's templates that make sense here.</summary>
internal static class Functions
{
    /// <summary>All names.</summary>
    public static readonly string[] Names =
    [
        "json", "join", "lower", "upper", "title", "split", "pad", "truncate", "println", "print", "printf", "len", "index", "slice", "eq", "ne", "lt",
        "le", "gt", "ge", "and", "or", "not",
    ];

    /// <summary>Calls a function.</summary>
    public static object? Call(string name, IReadOnlyList<object?> a)
    {
        Require(name, a.Count >= 1 || name is "print" or "println", "needs an argument");
        switch (name)
        {
            case "json": return TemplateData.ToJson(a[0]);
            case "lower": return Text(a[0]).ToLowerInvariant();
            case "upper": return Text(a[0]).ToUpperInvariant();
            case "title": return CultureInfo.InvariantCulture.TextInfo.ToTitleCase(Text(a[0]));
            case "join":
                Require(name, a.Count == 2 && a[0] is null or IReadOnlyList<object?>, "needs a list and a separator: {{join .List \", \"}}");
                return a[0] is IReadOnlyList<object?> parts ? string.Join(Text(a[1]), parts.Select(TemplateData.Print)) : "";
            case "split":
                Require(name, a.Count == 2, "needs a text and a separator");
                return Text(a[0]).Split(Text(a[1])).Select(part => (object?)part).ToList();
            case "pad":
                Require(name, a.Count == 3, "needs a text and two numbers");
                return Text(a[0]).Length == 0 ? "" : new string(' ', Small(name, a[1])) + Text(a[0]) + new string(' ', Small(name, a[2]));
            case "truncate":
                Require(name, a.Count == 2, "needs a text and a number");
                return Text(a[0]) is var text && text.Length > Small(name, a[1]) ? text[..Small(name, a[1])] : text;
            case "print": return string.Concat(a.Select(TemplateData.Print));
            case "println": return string.Join(' ', a.Select(TemplateData.Print)) + "\n";
            case "printf": return Format(Text(a[0]), a);
            case "len": return (long)Length(a[0]);
            case "index": return a.Skip(1).Aggregate(a[0], Index);
            case "slice": return Slice(a);
            case "not": return !TemplateData.IsTrue(a[0]);
            case "eq": return a.Skip(1).Any(other => Same(a[0], other));
            case "ne": return a.Count > 1 && !Same(a[0], a[1]);
            case "lt": return Compare(name, a) < 0;
            case "le": return Compare(name, a) <= 0;
            case "gt": return Compare(name, a) > 0;
            case "ge": return Compare(name, a) >= 0;
            default: throw new TemplateException($"there is no function {name}; there are: {string.Join(", ", Names)}");
        }
    }

    private static string Text(object? value) => value is null ? "" : TemplateData.Print(value);

    private static int Small(string name, object? value)
    {
        Require(name, value is long and >= 0 and <= 10_000, "needs a number from 0 to 10000");
        return (int)(long)value!;
    }

    private static int Length(object? value) => value switch
    {
        null => 0,
        string text => text.Length,
        IReadOnlyList<object?> list => list.Count,
        IReadOnlyDictionary<string, object?> map => map.Count,
        _ => throw new TemplateException($"len of {TemplateData.Print(value)}: it has no length"),
    };

    private static object? Index(object? value, object? key) => (value, key) switch
    {
        (null, _) => null,
        (IReadOnlyDictionary<string, object?> map, string name) => map.GetValueOrDefault(name),
        (IReadOnlyList<object?> list, long i) when i >= 0 && i < list.Count => list[(int)i],
        (string text, long i) when i >= 0 && i < text.Length => (long)text[(int)i],
        (IReadOnlyList<object?> or string, long i) => throw new TemplateException($"index out of range: {i}"),
        _ => throw new TemplateException($"index: cannot use {TemplateData.Print(key)} on {TemplateData.Print(value)}"),
    };

    private static object? Slice(IReadOnlyList<object?> a)
    {
        var length = Length(a[0]);
        var from = a.Count > 1 ? Small("slice", a[1]) : 0;
        var to = a.Count > 2 ? Small("slice", a[2]) : length;
        Require("slice", from <= to && to <= length, $"{from}:{to} is outside of 0:{length}");
        return a[0] is string text ? text[from..to] : a[0] is IReadOnlyList<object?> list ? list.Skip(from).Take(to - from).ToList() : null;
    }

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (long x, double y) => x == y,
        (double x, long y) => x == y,
        _ => Equals(a, b),
    };

    private static int Compare(string name, IReadOnlyList<object?> a)
    {
        Require(name, a.Count == 2, "needs two arguments");
        return (a[0], a[1]) switch
        {
            (string x, string y) => string.CompareOrdinal(x, y),
            (long or double, long or double) => Convert.ToDouble(a[0], CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(a[1], CultureInfo.InvariantCulture)),
            _ => throw new TemplateException($"{name}: cannot compare {TemplateData.Print(a[0])} with {TemplateData.Print(a[1])}"),
        };
    }

    private static string Format(string format, IReadOnlyList<object?> a)
    {
        System.Text.StringBuilder text = new();
        var next = 1;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            var start = ++i;
            while (i < format.Length && (char.IsAsciiDigit(format[i]) || format[i] is '-' or '.' or '+' or ' '))
            {
                i++;
            }
            if (i == format.Length)
            {
                throw new TemplateException("printf: the format ends in the middle of a verb");
            }
            var verb = format[i];
            if (verb == '%')
            {
                text.Append('%');
                continue;
            }
            Require("printf", next < a.Count, "has more verbs than arguments");
            var value = a[next++];
            var part = verb switch
            {
                'q' => TemplateData.ToJson(Text(value)),
                'x' when value is long number => number.ToString("x", CultureInfo.InvariantCulture),
                'f' => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("F" + Precision(format[start..i]), CultureInfo.InvariantCulture),
                's' or 'v' or 'd' or 't' => Text(value),
                _ => throw new TemplateException($"printf: unknown verb %{verb}"),
            };
            text.Append(Pad(part, format[start..i]));
        }
        return text.ToString();
    }

    private static string Precision(string flags) => flags.Contains('.', StringComparison.Ordinal) && int.TryParse(flags[(flags.IndexOf('.', StringComparison.Ordinal) + 1)..], out var digits) && digits <= 20
        ? digits.ToString(CultureInfo.InvariantCulture)
        : "6";

    private static string Pad(string part, string flags)
    {
        var left = flags.StartsWith('-');
        var digits = flags.TrimStart('-', '+', ' ').Split('.')[0];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var width) || width > 10_000)
        {
            return part;
        }
        return left ? part.PadRight(width) : part.PadLeft(width);
    }

    private static void Require(string name, bool holds, string complaint)
    {
        if (!holds)
        {
            throw new TemplateException($"{name} {complaint}");
        }
    }
}
