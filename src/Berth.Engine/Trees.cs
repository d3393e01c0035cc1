using Berth.Images.Layers;
using Berth.Linux;

namespace Berth.Engine;

/// <summary>Deletes directories that workloads have written into, by descriptor, so that no link leads outside.</summary>
internal static class Trees
{
    public static void Delete(string path)
    {
        using FileDescriptor parent = Libc.Open(Path.GetDirectoryName(path)!, Libc.O_RDONLY | Libc.O_DIRECTORY);
        TreeRemoval.Remove(parent, Path.GetFileName(path));
    }

    /// <summary>As <see cref="Delete"/>; what cannot be deleted now is given in <paramref name="error"/> and left to a later sweep.</summary>
    public static bool TryDelete(string path, out IOException? error)
    {
        try
        {
            Delete(path);
            error = null;
            return true;
        }
        catch (IOException e)
        {
            error = e;
            return false;
        }
    }
}
