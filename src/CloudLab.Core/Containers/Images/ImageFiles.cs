using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using ZstdSharp;
using Version = System.Version;

namespace CloudLab.Core.Containers.Images;

/// <summary>Writes images to files and reads them back.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Told of progress.</param>
public sealed class ImageFiles(LabSession session, IReporter reporter)
{
    // The engine packs a large layer before it sends the first byte of it.
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);
    private const int PieceLength = 1 << 17;
    private static readonly Version ChoosesPlatforms = new(1, 48);

    private readonly DockerEngine engine = new(session.Docker);

    /// <summary>Writes images to one file.</summary>
    /// <param name="images">Names or ids.</param>
    /// <param name="platform">The one platform to write; all that the engine has if null.</param>
    /// <param name="path">Full path; with the ending .gz, .tgz or .zst it is compressed.</param>
    /// <param name="overwrite">Whether it may replace a file.</param>
    /// <param name="cancellation">Stops it; nothing is left behind.</param>
    /// <returns>The file.</returns>
    public async Task<FileInfo> SaveAsync(IReadOnlyList<string> images, string? platform, string path, bool overwrite, CancellationToken cancellation)
    {
        using ProgressMeter meter = new(reporter, $"Exporting to {Path.GetFileName(path)}");
        return await WholeFile.WriteAsync(path, overwrite, async file =>
        {
            await using EngineStream source = await OpenAsync(images, platform, cancellation);
            await using Stream target = Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".gz" or ".tgz" => new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true),
                ".zst" => new CompressionStream(file, leaveOpen: true),
                _ => file,
            };
            byte[] buffer = new byte[PieceLength];
            int count;
            while ((count = await source.ReadAsync(buffer, cancellation)) > 0)
            {
                await target.WriteAsync(buffer.AsMemory(0, count), cancellation);
                meter.AddBytes(count);
            }
        });
    }

    /// <summary>Reads images as the tar file that they would be exported to, piece by piece.</summary>
    /// <param name="images">Names or ids.</param>
    /// <param name="platform">The one platform; all that the engine has if null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The pieces, each an array of its own.</returns>
    public async IAsyncEnumerable<byte[]> ReadAsync(IReadOnlyList<string> images, string? platform, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using ProgressMeter meter = new(reporter, $"Exporting {string.Join(", ", images)}");
        await using EngineStream source = await OpenAsync(images, platform, cancellation);
        byte[] buffer = new byte[PieceLength];
        int count;
        while ((count = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation)) > 0)
        {
            meter.AddBytes(count);
            yield return buffer[..count];
        }
    }

    /// <summary>Puts the images of a file into the engine.</summary>
    /// <param name="path">Full path of a tar file, which may be compressed.</param>
    /// <param name="platform">The one platform to take; all that the file has if null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Names or ids of the images.</returns>
    public async Task<IReadOnlyList<string>> LoadAsync(string path, string? platform, CancellationToken cancellation)
    {
        if (Directory.Exists(path))
        {
            throw new LabException(LabErrorKind.NotFound, "FileNotFound", File.Exists(System.IO.Path.Combine(path, "oci-layout"))
                ? $"'{path}' is a folder in the OCI image layout: Copy-LabImage -Path brings it to a registry, from where Receive-LabImage fetches it."
                : $"'{path}' is a folder: give the path of a tar file.") { Target = path };
        }

        FileStream file;
        try
        {
            file = await InputFile.OpenAsync(path, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw e is FileNotFoundException or DirectoryNotFoundException
                ? new LabException(LabErrorKind.NotFound, "FileNotFound", $"There is no file '{path}'.", e) { Target = path }
                : new LabException(LabErrorKind.ReadFailed, "FileNotRead", $"'{path}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = path };
        }

        await using FileStream opened = file;
        return await LoadAsync(file, path, platform, cancellation);
    }

    /// <summary>Puts the images of a stream into the engine.</summary>
    /// <param name="source">A tar file, which may be compressed; read once, to its end.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="platform">The one platform to take; all that the tar file has if null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Names or ids of the images.</returns>
    public async Task<IReadOnlyList<string>> LoadAsync(Stream source, string name, string? platform, CancellationToken cancellation)
    {
        string query = "images/load?quiet=1" + (platform is null ? "" : "&platform=" + Uri.EscapeDataString(PlatformName.ToJson(await ChosenAsync(platform, cancellation))));
        using ProgressMeter meter = new(reporter, $"Importing {Path.GetFileName(name)}");
        if (source.CanSeek)
        {
            meter.Expect(0, source.Length - source.Position);
        }

        PrefixedStream whole = await CheckAsync(source, name, cancellation);
        List<string> loaded = [];
        StringBuilder said = new();
        try
        {
            // With Expect the engine's refusal is heard also while there is still something to send.
            Dictionary<string, string> headers = new() { ["Expect"] = "100-continue" };
            EngineContent content = EngineContent.Tar(async (stream, token) =>
            {
                byte[] buffer = new byte[PieceLength];
                int count;
                while ((count = await whole.ReadAsync(buffer, token)) > 0)
                {
                    await stream.WriteAsync(buffer.AsMemory(0, count), token);
                    meter.AddBytes(count);
                }
            });
            await foreach (EngineMessage message in engine.MessagesAsync(HttpMethod.Post, query, content, Idle, cancellation, headers))
            {
                said.Append(message.Stream);
            }
        }
        catch (LabException e) when (e.ServiceMessage is { } why)
        {
            throw Invalid(name, why, e);
        }

        foreach (string line in said.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            reporter.Verbose(line);
            foreach (string start in new[] { "Loaded image ID: ", "Loaded image: " })
            {
                if (line.StartsWith(start, StringComparison.Ordinal))
                {
                    loaded.Add(line[start.Length..]);
                    break;
                }
            }
        }

        return loaded.Count > 0 ? loaded : throw Invalid(name, "the engine found no image in it", null);
    }

    /// <summary>Opens images as the tar file that they would be exported to.</summary>
    /// <param name="images">Names or ids.</param>
    /// <param name="platform">The one platform; all that the engine has if null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The tar file.</returns>
    internal async Task<EngineStream> OpenAsync(IReadOnlyList<string> images, string? platform, CancellationToken cancellation)
    {
        string query = "images/get?" + string.Join('&', images.Select(image => "names=" + Uri.EscapeDataString(image)))
            + (platform is null ? "" : "&platform=" + Uri.EscapeDataString(PlatformName.ToJson(await ChosenAsync(platform, cancellation))));
        try
        {
            return await engine.OpenAsync(HttpMethod.Get, query, null, Idle, cancellation, head: Idle);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // The engine does not say which one.
            ImageStore store = new(engine);
            foreach (string image in images)
            {
                await store.FindAsync(image, cancellation).FirstAsync(cancellation);
            }

            throw platform is not null && e.ServiceMessage?.Contains("platform", StringComparison.OrdinalIgnoreCase) == true
                ? new LabException(
                    LabErrorKind.NotFound, "PlatformNotFound",
                    $"The engine does not have '{images[0]}' for {platform}: Get-LabImagePlatform shows its platforms, Receive-LabImage -Platform fetches another.", e) { Target = images[0] }
                : await store.NotFoundAsync(images[0], cancellation);
        }
    }

    private static LabException Invalid(string path, string why, Exception? inner) => new(
        LabErrorKind.Corrupted, "ImageArchiveInvalid", $"'{path}' could not be imported: {why.TrimEnd('.')}.", inner)
    {
        Target = path, Advice = "An image archive is what Export-LabImage or 'docker save' writes, or an OCI layout in a tar file.",
    };

    // What is plainly no archive need not be sent: the engine reads all of it before it says so.
    private static async Task<PrefixedStream> CheckAsync(Stream source, string name, CancellationToken cancellation)
    {
        byte[] start = new byte[512];
        int count = await source.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellation);
        ReadOnlySpan<byte> head = start.AsSpan(0, count);
        bool known = head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) || head.StartsWith("BZh"u8) || head.StartsWith((ReadOnlySpan<byte>)[0xfd, 0x37, 0x7a, 0x58, 0x5a])
            || head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) || (count == 512 && head.Slice(257, 5).SequenceEqual("ustar"u8));
        return known ? new PrefixedStream(start.AsMemory(0, count), source) : throw Invalid(name, count == 0 ? "it is empty" : "it is not a tar file", null);
    }

    private async Task<string> ChosenAsync(string platform, CancellationToken cancellation) => await engine.NegotiateAsync(cancellation) >= ChoosesPlatforms
        ? platform
        : throw new LabException(
            LabErrorKind.NotSupported, "PlatformChoiceUnsupported", "This Docker Engine cannot choose one platform of an image in a file: it needs version 28 or later.") { StopsCommand = true };
}
