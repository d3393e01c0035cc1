namespace Berth.Cli.Http;

/// <summary>Headers of an answer, a handful: looked through one by one, which is cheaper than a dictionary made for a single answer.</summary>
internal sealed class HttpHeaders
{
    private string[] _pairs = new string[16];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one.</summary>
    public void Add(string name, string value)
    {
        if (2 * Count == _pairs.Length)
        {
            Array.Resize(ref _pairs, 2 * _pairs.Length);
        }
        _pairs[2 * Count] = name;
        _pairs[(2 * Count) + 1] = value;
        Count++;
    }

    /// <summary>The value by case-insensitive name, the last of equal names; or null.</summary>
    public string? Find(string name)
    {
        for (var i = Count - 1; i >= 0; i--)
        {
            if (string.Equals(_pairs[2 * i], name, StringComparison.OrdinalIgnoreCase))
            {
                return _pairs[(2 * i) + 1];
            }
        }
        return null;
    }
}
