using System.Text;

namespace Berth.Cli.Output;

/// <summary>Writes rows in columns that are as wide as their widest cell, three blanks apart.</summary>
internal static class Table
{
    private const int Gap = 3;

    /// <summary>Writes all rows; the first is usually the heading.</summary>
    public static void Write(TextWriter output, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        List<int> widths = [];
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Count; i++)
            {
                if (i == widths.Count)
                {
                    widths.Add(0);
                }
                widths[i] = Math.Max(widths[i], Width(Clean(row[i])));
            }
        }
        StringBuilder line = new();
        foreach (var row in rows)
        {
            line.Clear();
            for (var i = 0; i < row.Count; i++)
            {
                var cell = Clean(row[i]);
                line.Append(cell);
                if (i < row.Count - 1)
                {
                    line.Append(' ', widths[i] - Width(cell) + Gap);
                }
            }
            output.WriteLine(line.ToString().TrimEnd());
        }
    }

    /// <summary>Columns a text takes; East Asian wide characters take two, combining marks none.</summary>
    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var value = rune.Value;
            width += value < 0x300 ? (value < 0x20 ? 0 : 1)
                : Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.EnclosingMark or System.Globalization.UnicodeCategory.Format ? 0
                : value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF)
                    or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) ? 2 : 1;
        }
        return width;
    }

    // Names come from outside; nothing in a cell may move the cursor.
    private static string Clean(string cell)
    {
        foreach (var c in cell)
        {
            if (char.IsControl(c))
            {
                return string.Create(cell.Length, cell, (span, text) =>
                {
                    for (var i = 0; i < text.Length; i++)
                    {
                        span[i] = char.IsControl(text[i]) ? ' ' : text[i];
                    }
                });
            }
        }
        return cell;
    }
}
