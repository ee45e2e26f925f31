using System.Security.Cryptography;
using System.Text.Json;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Emulator;

/// <summary>The folders of one emulator: a temporary one for the kubeconfig, and the data folder if there is one.</summary>
internal sealed class EmulatorFolder : IDisposable
{
    private const string AccountId = "123456789012", TemporaryPrefix = "cloudlab-emulator-", LockName = "lock";
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly string? data;
    private readonly FileStream? dataLock;
    private readonly string temporary;
    private readonly FileStream temporaryLock;

    private EmulatorFolder(string? data, FileStream? dataLock)
    {
        this.data = data;
        this.dataLock = dataLock;
        RemoveLeftovers();
        temporary = Directory.CreateTempSubdirectory(TemporaryPrefix).FullName;
        temporaryLock = LockTemporary(temporary);
        AppDomain.CurrentDomain.ProcessExit += RemoveTemporary;
    }

    /// <summary>Makes the folders and takes the data folder for this process.</summary>
    /// <param name="dataPath">Data folder, or null.</param>
    /// <returns>The folders. Throws <see cref="LabException"/> when another emulator has the data folder.</returns>
    public static EmulatorFolder Open(string? dataPath)
    {
        if (dataPath is null)
        {
            return new EmulatorFolder(null, null);
        }

        string data = Path.GetFullPath(dataPath);
        try
        {
            CreatePrivate(data);
            return new EmulatorFolder(
                data, new FileStream(Path.Combine(data, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "DataPathNotUsable",
                $"The emulator cannot use the folder {data}: {e.Message} Stop the emulator that uses it, or choose another folder.", e);
        }
    }

    /// <summary>A folder of one service's own.</summary>
    /// <param name="service">Its name: <c>s3</c>.</param>
    /// <returns>The path, which may not be there yet; null where nothing is kept.</returns>
    public string? DataFolder(string service) => data is null ? null : Path.Combine(data, service);

    /// <summary>The account and root's key: as asked for, else as kept, else made up (and kept).</summary>
    /// <param name="accessKey">Asked for, or null.</param>
    /// <param name="secretKey">Asked for, or null.</param>
    /// <returns>The key.</returns>
    public RootKey LoadRootKey(string? accessKey, string? secretKey)
    {
        string? file = data is null ? null : Path.Combine(data, "root.json");
        if (file is not null && File.Exists(file))
        {
            try
            {
                Dictionary<string, string> kept = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(file))!;
                accessKey ??= kept["accessKey"];
                secretKey ??= kept["secretKey"];
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException)
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "DataPathNotUsable", $"{file} is damaged: remove it to have a new root key made.", e);
            }
        }

        RootKey root = new(AccountId, accessKey ?? "AKIA" + RandomText(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), secretKey ?? RandomText(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"));
        if (file is not null)
        {
            WritePrivate(file, JsonSerializer.Serialize(
                new Dictionary<string, string> { ["accessKey"] = root.AccessKey, ["secretKey"] = root.SecretKey }, Json));
        }

        return root;
    }

    /// <summary>Writes the kubeconfig of this run.</summary>
    /// <param name="server">Base URL of the API server.</param>
    /// <returns>Its path.</returns>
    public string WriteKubeConfig(Uri server)
    {
        string path = Path.Combine(temporary, "kubeconfig");
        WritePrivate(path, $$"""
            apiVersion: v1
            kind: Config
            current-context: cloudlab
            clusters:
            - name: cloudlab
              cluster:
                server: {{server.AbsoluteUri.TrimEnd('/')}}
            users:
            - name: cloudlab
              user: {}
            contexts:
            - name: cloudlab
              context:
                cluster: cloudlab
                user: cloudlab
                namespace: default

            """);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= RemoveTemporary;
        RemoveTemporary(null, EventArgs.Empty);
        dataLock?.Dispose();
    }

    private static string RandomText(int length, string alphabet) => RandomNumberGenerator.GetString(alphabet, length);

    private static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows() || Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes a file that only its owner can read, all of it or nothing.</summary>
    private static void WritePrivate(string path, string text)
    {
        string draft = path + ".new";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (StreamWriter writer = new(draft, options))
        {
            writer.Write(text);
        }

        File.Move(draft, path, overwrite: true);
    }

    /// <summary>
    /// Shows other emulators that this one lives, for as long as it does: the system frees the lock of a process that was killed. On
    /// Unix a file is made before it is locked, so it gets its name afterwards.
    /// </summary>
    private static FileStream LockTemporary(string folder)
    {
        string path = Path.Combine(folder, LockName);
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }

        FileStream held = new(path + ".new", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        File.Move(path + ".new", path);
        return held;
    }

    /// <summary>Removes what emulators left that were killed: the user's own folders, with a lock that nobody holds.</summary>
    private static void RemoveLeftovers()
    {
        foreach (DirectoryInfo folder in new DirectoryInfo(Path.GetTempPath()).EnumerateDirectories(TemporaryPrefix + "*"))
        {
            try
            {
                if (folder.LinkTarget is not null
                    || (!OperatingSystem.IsWindows() && folder.UnixFileMode != (UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)))
                {
                    continue;
                }

                using (new FileStream(Path.Combine(folder.FullName, LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                }

                folder.Delete(recursive: true);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // An emulator lives there or begins to, another one removes it, or it is somebody else's.
            }
        }
    }

    private void RemoveTemporary(object? sender, EventArgs e)
    {
        temporaryLock.Dispose();
        try
        {
            Directory.Delete(temporary, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Somebody has a file of it open, or has removed it already.
        }
    }
}
