using System.Text;

namespace Berth.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Heading">Text above it.</param>
/// <param name="Field">The row's field, by its name in templates.</param>
internal readonly record struct Column(string Heading, string Field)
{
    /// <summary>Heading of a field: of its column, or the field's name in capitals with blanks between the words.</summary>
    public static string HeadingOf(string field, IReadOnlyList<Column> columns)
    {
        foreach (var column in columns)
        {
            if (column.Field == field)
            {
                return column.Heading;
            }
        }
        StringBuilder heading = new();
        for (var i = 0; i < field.Length; i++)
        {
            if (i > 0 && char.IsUpper(field[i]) && char.IsLower(field[i - 1]))
            {
                heading.Append(' ');
            }
            heading.Append(char.ToUpperInvariant(field[i]));
        }
        return heading.ToString();
    }
}
