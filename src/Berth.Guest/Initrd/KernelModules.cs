using System.Collections.Frozen;

namespace Berth.Guest.Initrd;

/// <summary>The modules of an unpacked kernel: what depends on what, from its <c>modules.dep</c> or the modules themselves, and what is built in.</summary>
public sealed class KernelModules
{
    private const long MaxListBytes = 16 << 20;

    private readonly string _root;
    private readonly Dictionary<string, (string Path, string[]? Needs)> _modules = new(StringComparer.Ordinal);
    private readonly FrozenSet<string> _builtIn;

    private KernelModules(string root, FrozenSet<string> builtIn) => (_root, _builtIn) = (root, builtIn);

    /// <summary>Those of a kernel that came without any: whatever it can do is built in.</summary>
    public static KernelModules None { get; } = new("", []);

    /// <summary>Reads the lists of <c>lib/modules/RELEASE</c>.</summary>
    /// <exception cref="InitrdException">The lists are missing or name files outside the directory.</exception>
    public static KernelModules Open(string directory)
    {
        string builtIn = Path.Combine(directory, "modules.builtin");
        var modules = new KernelModules(directory, File.Exists(builtIn) ? ReadLines(builtIn).Select(NameOf).ToFrozenSet() : []);
        string list = Path.Combine(directory, "modules.dep"), files = Path.Combine(directory, "kernel");
        // A package as it comes has no list: depmod(8) makes it when the package is installed.
        if (!File.Exists(list) && Directory.Exists(files))
        {
            foreach (string file in Directory.EnumerateFiles(files, "*.ko", SearchOption.AllDirectories))
            {
                modules._modules[NameOf(file)] = (Path.GetRelativePath(directory, file), null);
            }
            return modules;
        }
        foreach (string line in ReadLines(list))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                continue;
            }
            string path = Checked(line[..colon]);
            modules._modules[NameOf(path)] = (path, [.. line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(NameOf)]);
        }
        return modules;
    }

    /// <summary>Paths of the files to load for these modules, each after those it depends on. Modules built into the kernel need none.</summary>
    /// <exception cref="InitrdException">The kernel has no such module.</exception>
    public IReadOnlyList<string> InOrder(IEnumerable<string> names)
    {
        var paths = new List<string>();
        var done = new Dictionary<string, bool>(StringComparer.Ordinal); // false while its dependencies are being visited
        foreach (string name in names)
        {
            Visit(NameOf(name), paths, done);
        }
        return paths;
    }

    /// <summary>Whether the kernel has it, as a module or built in.</summary>
    public bool Has(string name) => _modules.ContainsKey(NameOf(name)) || _builtIn.Contains(NameOf(name));

    private void Visit(string name, List<string> paths, Dictionary<string, bool> done)
    {
        if (_builtIn.Contains(name))
        {
            return;
        }
        if (done.TryGetValue(name, out bool finished))
        {
            if (!finished)
            {
                throw new InitrdException($"modules.dep of {_root}: {name} depends on itself");
            }
            return;
        }
        if (!_modules.TryGetValue(name, out (string Path, string[]? Needs) module))
        {
            throw new InitrdException($"the kernel of {_root} has no module {name}, neither as a file nor built in: choose another kernel");
        }
        done[name] = false;
        // depmod(8) lists dependencies nearest last to first: each is visited by its own entry, so the order here does not matter.
        foreach (string need in module.Needs ?? ModuleInfo.Dependencies(Path.Combine(_root, module.Path)).Select(NameOf))
        {
            Visit(need, paths, done);
        }
        done[name] = true;
        paths.Add(Path.Combine(_root, module.Path));
    }

    /// <summary>"kernel/fs/erofs/erofs.ko.xz" → "erofs"; '-' and '_' are the same in names of modules.</summary>
    private static string NameOf(string path)
    {
        string file = path[(path.LastIndexOf('/') + 1)..];
        int end = file.IndexOf(".ko", StringComparison.Ordinal);
        return (end < 0 ? file : file[..end]).Replace('-', '_');
    }

    private static string Checked(string path) =>
        path.StartsWith('/') || path.Split('/').Contains("..") ? throw new InitrdException($"modules.dep names a file outside the kernel's directory: {path}") : path;

    private static string[] ReadLines(string path)
    {
        try
        {
            return new FileInfo(path).Length > MaxListBytes ? throw new InitrdException($"{path} is too large to be a list of modules") : File.ReadAllLines(path);
        }
        catch (IOException e)
        {
            throw new InitrdException($"{path} cannot be read: it must be the lib/modules/RELEASE of an unpacked kernel package", e);
        }
    }
}
