using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Berth.Images;

namespace Berth.Engine.Builds;

/// <summary>
/// The name under which the cache keeps a step: a digest of everything that its result depends on, and of nothing else. Every part is
/// preceded by its length, so that no two lists of parts look the same.
/// </summary>
internal sealed class StepKey : IDisposable
{
    // Results of another form must not be found.
    private const string Format = "berth build step 1";

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public StepKey(string kind, string below)
    {
        Add(Format);
        Add(kind);
        Add(below);
    }

    public StepKey Add(string? text)
    {
        byte[] bytes = text is null ? [] : Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, text is null ? -1 : bytes.Length);
        _hash.AppendData(length);
        _hash.AppendData(bytes);
        return this;
    }

    public StepKey Add(IReadOnlyCollection<string> list)
    {
        Add(list.Count.ToString());
        foreach (string item in list)
            Add(item);
        return this;
    }

    public Digest Finish()
    {
        using (this)
            return Digest.FromHash(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();
}
