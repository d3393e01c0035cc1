using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Berth.Compose.Yaml;

/// <summary>
/// Turns YAML into nodes, with anchors, aliases and merge keys (<c>&lt;&lt;</c>). Files are hostile: size, depth and what aliases
/// would amount to when written out are bounded.
/// </summary>
public sealed class YamlReader
{
    /// <summary>Largest file, in bytes.</summary>
    public const int MaximumFile = 4 * 1024 * 1024;

    private const int MaximumDepth = 64;
    private const long MaximumWeight = 400_000;

    private readonly string _file;
    private readonly Parser _parser;
    private readonly Dictionary<string, Node?> _anchors = new(StringComparer.Ordinal);

    private YamlReader(string file, string text)
    {
        _file = file;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>The documents of a text; <paramref name="file"/> is what complaints call it.</summary>
    /// <exception cref="ComposeException">It is not YAML, or exceeds a bound.</exception>
    public static IReadOnlyList<Node> Read(string file, string text)
    {
        if (text.Length > MaximumFile)
        {
            throw new ComposeException($"{file}: larger than {MaximumFile} bytes");
        }
        try
        {
            return new YamlReader(file, text).ReadDocuments();
        }
        catch (YamlException e)
        {
            var message = e.InnerException?.Message ?? e.Message;
            var at = message.IndexOf("): ", StringComparison.Ordinal);
            throw new ComposeException(new Mark(file, e.Start.Line, e.Start.Column), $"not YAML: {(at < 0 ? message : message[(at + 3)..])}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // What the parser throws at some malformed texts.
            throw new ComposeException($"{file}: not YAML: {e.Message}");
        }
    }

    private List<Node> ReadDocuments()
    {
        List<Node> documents = [];
        while (_parser.MoveNext())
        {
            if (_parser.Current is DocumentStart)
            {
                _anchors.Clear();
                _parser.MoveNext();
                documents.Add(ReadNode(0));
            }
        }
        return documents;
    }

    private Node ReadNode(int depth)
    {
        var at = _parser.Current ?? throw new ComposeException($"{_file}: ends too early");
        if (depth > MaximumDepth)
        {
            throw new ComposeException(MarkOf(at), $"nested deeper than {MaximumDepth} levels");
        }
        if (at is AnchorAlias alias)
        {
            return _anchors.TryGetValue(alias.Value.Value, out var known)
                ? known ?? throw new ComposeException(MarkOf(at), $"the alias *{alias.Value.Value} contains itself")
                : throw new ComposeException(MarkOf(at), $"there is no anchor &{alias.Value.Value} before this alias");
        }
        var anchor = at is NodeEvent { Anchor.IsEmpty: false } named ? named.Anchor.Value : null;
        if (anchor is not null)
        {
            _anchors[anchor] = null;
        }
        Node node = at switch
        {
            Scalar scalar => new ScalarNode(MarkOf(at), scalar.Value, scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty, TagOf(scalar)),
            SequenceStart start => ReadSequence(start, depth),
            MappingStart start => ReadMapping(start, depth),
            _ => throw new ComposeException(MarkOf(at), "a value is expected here"),
        };
        if (node.Weight > MaximumWeight)
        {
            throw new ComposeException(MarkOf(at), "too large once its aliases are written out");
        }
        if (anchor is not null)
        {
            _anchors[anchor] = node;
        }
        return node;
    }

    private SequenceNode ReadSequence(SequenceStart start, int depth)
    {
        List<Node> items = [];
        for (_parser.MoveNext(); _parser.Current is not SequenceEnd; _parser.MoveNext())
        {
            items.Add(ReadNode(depth + 1));
        }
        return new SequenceNode(MarkOf(start), items, TagOf(start));
    }

    private MappingNode ReadMapping(MappingStart start, int depth)
    {
        OrderedDictionary<string, MappingNode.Entry> entries = [];
        List<Node> merged = [];
        for (_parser.MoveNext(); _parser.Current is not MappingEnd; _parser.MoveNext())
        {
            var keyMark = MarkOf(_parser.Current!);
            if (ReadNode(depth + 1) is not ScalarNode key)
            {
                throw new ComposeException(keyMark, "a name must be a text");
            }
            _parser.MoveNext();
            var value = ReadNode(depth + 1);
            if (key is { Plain: true, Text: "<<" })
            {
                merged.Add(value);
            }
            else if (!entries.TryAdd(key.Text, new MappingNode.Entry(value, keyMark)))
            {
                throw new ComposeException(keyMark, $"\"{key.Text}\" is there twice; first at line {entries[key.Text].KeyMark.Line}");
            }
        }
        foreach (var source in merged.SelectMany(node => node is SequenceNode list ? list.Items : [node]))
        {
            if (source is not MappingNode mapping)
            {
                throw new ComposeException(source.Mark, "<< takes a mapping or a list of mappings");
            }
            foreach (var (key, entry) in mapping.Entries)
            {
                entries.TryAdd(key, entry);
            }
        }
        return new MappingNode(MarkOf(start), entries, TagOf(start));
    }

    private Mark MarkOf(ParsingEvent at) => new(_file, at.Start.Line, at.Start.Column);

    // Tags of YAML's own (!!str and the like) change nothing: every attribute knows what it reads.
    private MergeTag TagOf(NodeEvent at) => at.Tag.IsEmpty ? MergeTag.None : at.Tag.Value switch
    {
        "!reset" => MergeTag.Reset,
        "!override" => MergeTag.Override,
        ['!', not '!', ..] tag => throw new ComposeException(MarkOf(at), $"the tag {tag} is not known: !reset and !override are"),
        _ => MergeTag.None,
    };
}
