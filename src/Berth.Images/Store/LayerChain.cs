using System.Text;

namespace Berth.Images.Store;

/// <summary>Names of layer stacks. [OCI-IMG] config.md "Layer ChainID".</summary>
internal static class LayerChain
{
    /// <summary>The chain id of every prefix of <paramref name="diffIds"/>, lowest first.</summary>
    public static IReadOnlyList<Digest> Of(IReadOnlyList<Digest> diffIds)
    {
        var chain = new Digest[diffIds.Count];
        for (int i = 0; i < chain.Length; i++)
        {
            chain[i] = i == 0 ? diffIds[0] : Digest.Of(Encoding.ASCII.GetBytes($"{chain[i - 1]} {diffIds[i]}"));
        }
        return chain;
    }
}
