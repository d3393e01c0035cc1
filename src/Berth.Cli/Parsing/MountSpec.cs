using System.Text;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

/// <summary>A <c>--mount</c>: <c>type=bind,source=/a,target=/b,readonly</c> and so on, in the API's form.</summary>
internal sealed class MountSpec
{
    private readonly Dictionary<string, string> _volumeLabels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _driverOptions = new(StringComparer.Ordinal);
    private string _type = "volume";
    private string? _source, _target, _propagation, _driver, _volumeSubpath, _imageSubpath;
    private bool _readOnly, _nonRecursive, _createMountpoint, _noCopy, _readOnlyNonRecursive, _readOnlyForceRecursive;
    private long? _tmpfsSize, _tmpfsMode;

    /// <summary>Reads one <c>--mount</c>.</summary>
    public static MountSpec Parse(string text)
    {
        MountSpec mount = new();
        foreach (var field in Fields(text))
        {
            var at = field.IndexOf('=', StringComparison.Ordinal);
            mount.Set(at < 0 ? field : field[..at], at < 0 ? null : field[(at + 1)..], text);
        }
        mount.Check(text);
        return mount;
    }

    // Comma-separated values: a field in quotes may contain commas, and a quote when it is doubled.
    private static List<string> Fields(string text)
    {
        List<string> fields = [];
        for (var at = 0; at <= text.Length;)
        {
            if (at == text.Length || text[at] != '"')
            {
                var end = text.IndexOf(',', at);
                end = end < 0 ? text.Length : end;
                fields.Add(text[at..end]);
                at = end + 1;
                continue;
            }
            StringBuilder field = new();
            for (at++; ; at++)
            {
                if (at >= text.Length)
                {
                    throw new UsageException($"--mount {text}: a quote is not closed");
                }
                if (text[at] == '"' && (++at == text.Length || text[at] != '"'))
                {
                    break;
                }
                field.Append(text[at]);
            }
            if (at < text.Length && text[at] != ',')
            {
                throw new UsageException($"--mount {text}: a quoted field ends with its quote");
            }
            fields.Add(field.ToString());
            at++;
        }
        return fields;
    }

    /// <summary>Writes the mount as an element of HostConfig.Mounts.</summary>
    public void Write(JsonText json)
    {
        json.WriteStartObject();
        json.WriteString("Type", _type);
        if (_source is not null)
        {
            json.WriteString("Source", _source);
        }
        json.WriteString("Target", _target!);
        if (_readOnly)
        {
            json.WriteBoolean("ReadOnly", true);
        }
        WriteBindOptions(json);
        WriteVolumeOptions(json);
        if (_imageSubpath is not null)
        {
            json.WriteStartObject("ImageOptions");
            json.WriteString("Subpath", _imageSubpath);
            json.WriteEndObject();
        }
        if (_tmpfsSize is not null || _tmpfsMode is not null)
        {
            json.WriteStartObject("TmpfsOptions");
            if (_tmpfsSize is { } size)
            {
                json.WriteNumber("SizeBytes", size);
            }
            if (_tmpfsMode is { } mode)
            {
                json.WriteNumber("Mode", mode);
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void WriteBindOptions(JsonText json)
    {
        if (_propagation is null && !_nonRecursive && !_createMountpoint && !_readOnlyNonRecursive && !_readOnlyForceRecursive)
        {
            return;
        }
        json.WriteStartObject("BindOptions");
        if (_propagation is not null)
        {
            json.WriteString("Propagation", _propagation);
        }
        WriteIf(json, "NonRecursive", _nonRecursive);
        WriteIf(json, "CreateMountpoint", _createMountpoint);
        WriteIf(json, "ReadOnlyNonRecursive", _readOnlyNonRecursive);
        WriteIf(json, "ReadOnlyForceRecursive", _readOnlyForceRecursive);
        json.WriteEndObject();
    }

    private void WriteVolumeOptions(JsonText json)
    {
        if (!_noCopy && _volumeLabels.Count == 0 && _driver is null && _driverOptions.Count == 0 && _volumeSubpath is null)
        {
            return;
        }
        json.WriteStartObject("VolumeOptions");
        WriteIf(json, "NoCopy", _noCopy);
        if (_volumeLabels.Count > 0)
        {
            json.WriteMap("Labels", _volumeLabels);
        }
        if (_volumeSubpath is not null)
        {
            json.WriteString("Subpath", _volumeSubpath);
        }
        if (_driver is not null || _driverOptions.Count > 0)
        {
            json.WriteStartObject("DriverConfig");
            if (_driver is not null)
            {
                json.WriteString("Name", _driver);
            }
            if (_driverOptions.Count > 0)
            {
                json.WriteMap("Options", _driverOptions);
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteIf(JsonText json, string name, bool value)
    {
        if (value)
        {
            json.WriteBoolean(name, true);
        }
    }

    private void Set(string key, string? value, string whole)
    {
        switch (key.ToLowerInvariant())
        {
            case "type": _type = Required(); break;
            case "source" or "src": _source = Required(); break;
            case "target" or "dst" or "destination": _target = Required(); break;
            case "readonly" or "ro": _readOnly = Switch(); break;
            case "bind-propagation": _propagation = Required(); break;
            case "bind-nonrecursive": _nonRecursive = Switch(); break;
            case "bind-create-src": _createMountpoint = Switch(); break;
            case "bind-recursive": SetRecursive(Required(), whole); break;
            case "consistency": _ = Required(); break; // for other systems than Linux, without meaning here
            case "volume-nocopy": _noCopy = Switch(); break;
            case "volume-label": Add(_volumeLabels, Required()); break;
            case "volume-driver": _driver = Required(); break;
            case "volume-opt": Add(_driverOptions, Required()); break;
            case "volume-subpath": _volumeSubpath = Required(); break;
            case "image-subpath": _imageSubpath = Required(); break;
            case "tmpfs-size": _tmpfsSize = SizeText.Parse(Required(), "mount tmpfs-size"); break;
            case "tmpfs-mode": _tmpfsMode = Octal(Required()); break;
            default: throw new UsageException($"unexpected key '{key}' in --mount {whole}");
        }

        string Required() => string.IsNullOrEmpty(value) ? throw new UsageException($"--mount {whole}: {key} needs a value, as {key}=…") : value;

        bool Switch() => value is null or "true" or "1" || (value is "false" or "0"
            ? false
            : throw new UsageException($"--mount {whole}: {key} is either given or not, true or false"));

        long Octal(string digits)
        {
            long mode = 0;
            foreach (var digit in digits)
            {
                mode = digit is >= '0' and <= '7' && mode < 0xFFFF
                    ? mode * 8 + (digit - '0')
                    : throw new UsageException($"--mount {whole}: tmpfs-mode is octal, as 1777");
            }
            return mode;
        }
    }

    private void SetRecursive(string value, string whole)
    {
        switch (value)
        {
            case "enabled": break;
            case "disabled": _nonRecursive = true; break;
            case "writable": _readOnlyNonRecursive = true; break;
            case "readonly": _readOnlyForceRecursive = true; break;
            default: throw new UsageException($"--mount {whole}: bind-recursive is enabled, disabled, writable or readonly");
        }
    }

    private static void Add(Dictionary<string, string> pairs, string text)
    {
        var parts = text.Split('=', 2);
        pairs[parts[0]] = parts.Length > 1 ? parts[1] : "";
    }

    private void Check(string whole)
    {
        if (_type is not ("bind" or "volume" or "tmpfs" or "image"))
        {
            throw new UsageException($"--mount {whole}: type is bind, volume, tmpfs or image, not {_type}");
        }
        if (_target is null)
        {
            throw new UsageException($"--mount {whole}: target=… is missing");
        }
        if (!_target.StartsWith('/'))
        {
            throw new UsageException($"--mount {whole}: target must begin with /");
        }
        if (_type is "bind" or "image" && _source is null)
        {
            throw new UsageException($"--mount {whole}: source=… is missing");
        }
        if (_type == "bind" && !_source!.StartsWith('/'))
        {
            _source = Path.GetFullPath(_source!);
        }
        Refuse(_type != "tmpfs" && (_tmpfsSize ?? _tmpfsMode) is not null, "tmpfs-* options");
        Refuse(_type != "bind" && (_propagation is not null || _nonRecursive || _createMountpoint || _readOnlyNonRecursive || _readOnlyForceRecursive), "bind-* options");
        Refuse(_type != "volume" && (_noCopy || _driver is not null || _volumeLabels.Count + _driverOptions.Count > 0 || _volumeSubpath is not null), "volume-* options");
        Refuse(_type == "tmpfs" && _source is not null, "a source");

        void Refuse(bool wrong, string what)
        {
            if (wrong)
            {
                throw new UsageException($"--mount {whole}: a mount of type {_type} takes no {what.Replace("a ", "", StringComparison.Ordinal)}");
            }
        }
    }
}
