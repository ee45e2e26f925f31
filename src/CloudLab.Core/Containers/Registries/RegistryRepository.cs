using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Images;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Containers.Registries;

/// <summary>One repository of a registry.</summary>
/// <param name="connection">The registry.</param>
/// <param name="path">The repository's path there.</param>
internal sealed class RegistryRepository(RegistryConnection connection, string path) : IImageRepository
{
    // Registries refuse larger manifests; the specification asks for at least as much.
    private const int LargestManifest = 4 << 20;

    // In one request instead of three.
    private const int SmallBlob = 1 << 18;
    private const int MostSessions = 3;
    private const int MostStalls = 5;
    private const string DigestHeader = "Docker-Content-Digest";

    // Where a registry keeps its blobs in object storage, it copies them when an upload ends.
    private static readonly TimeSpan EndPatience = TimeSpan.FromMinutes(15);

    private readonly string reading = $"repository:{path}:pull";
    private readonly string writing = $"repository:{path}:pull,push";

    /// <inheritdoc/>
    public string Name => $"{connection.Registry}/{path}";

    /// <inheritdoc/>
    public async Task<ImageManifest> ManifestAsync(string reference, CancellationToken cancellation)
    {
        string target = TargetOf(reference);
        using HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Get, $"/v2/{path}/manifests/{reference}", reading) { Accept = ImageManifest.Types, Target = target }, cancellation);
        byte[] bytes = await WholeAsync(answer, target, cancellation);
        string? expected = ImageName.IsDigest(reference) ? reference : HeaderOf(answer, DigestHeader);
        return ImageManifest.Parse(bytes, answer.Content.Headers.ContentType?.MediaType, target, expected);
    }

    /// <summary>The digest of an image, without its manifest.</summary>
    /// <param name="reference">A tag, or a digest.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The digest; null where there is no such image.</returns>
    public async Task<string?> DigestAsync(string reference, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Head, $"/v2/{path}/manifests/{reference}", reading)
            {
                Accept = ImageManifest.Types, Target = TargetOf(reference), Expects = [HttpStatusCode.NotFound],
            },
            cancellation);
        return answer.IsSuccessStatusCode ? HeaderOf(answer, DigestHeader) ?? (await ManifestAsync(reference, cancellation)).Digest : null;
    }

    /// <summary>The tags of the repository, page by page.</summary>
    /// <param name="cancellation">Stops the listing.</param>
    /// <returns>The tags in the registry's order. Throws <see cref="LabException"/> (<c>RepositoryNotFound</c>).</returns>
    public async IAsyncEnumerable<string> TagsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        string? next = $"/v2/{path}/tags/list?n=1000";
        HashSet<string> pages = new(StringComparer.Ordinal);
        while (next is not null && pages.Add(next))
        {
            using HttpResponseMessage answer = await connection.SendAsync(
                new RegistryRequest(HttpMethod.Get, next, reading) { Target = Name, Expects = [HttpStatusCode.NotFound] }, cancellation);
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                throw new LabException(LabErrorKind.NotFound, "RepositoryNotFound", $"There is no repository '{path}' in the registry {connection.Registry}: check its name.") { Target = Name };
            }

            byte[] bytes = await WholeAsync(answer, Name, cancellation);
            string[] tags;
            try
            {
                tags = [.. (JsonNode.Parse(bytes)?["tags"] as JsonArray ?? []).Select(tag => (string)tag!)];
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                throw new LabException(LabErrorKind.ServiceFailed, "RegistryFailed", $"The registry {connection.Registry} answered the listing of '{Name}' with something that is no list of tags.", e) { Target = Name };
            }

            foreach (string tag in tags)
            {
                yield return tag;
            }

            next = NextOf(answer);
        }
    }

    /// <summary>Removes a manifest, and with it all its tags.</summary>
    /// <param name="reference">A digest, or a tag where the registry can remove one alone.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>False where the registry does not do that.</returns>
    public async Task<bool> RemoveAsync(string reference, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Delete, $"/v2/{path}/manifests/{reference}", $"repository:{path}:pull,push,delete")
            {
                Target = TargetOf(reference), Expects = [HttpStatusCode.MethodNotAllowed, HttpStatusCode.BadRequest, HttpStatusCode.NotFound],
            },
            cancellation);

        // Not found may mean that an attempt did it whose answer got lost, or a registry that knows no removal.
        return answer.IsSuccessStatusCode || (answer.StatusCode == HttpStatusCode.NotFound && await DigestAsync(reference, cancellation) is null);
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(ImageBlob blob, long offset, CancellationToken cancellation) =>
        new ResumingStream(await OnceAsync(blob, offset, cancellation), offset, position => OnceAsync(blob, position, cancellation));

    /// <inheritdoc/>
    public async Task<bool> HasAsync(string digest, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Head, $"/v2/{path}/blobs/{digest}", writing) { Target = Name, Expects = [HttpStatusCode.NotFound] }, cancellation);
        return answer.IsSuccessStatusCode;
    }

    /// <inheritdoc/>
    public async Task<bool> MountAsync(string digest, IImageRepository from, CancellationToken cancellation)
    {
        if (from is not RegistryRepository other || !other.IsOf(connection.Registry) || other.Name == Name)
        {
            return false;
        }

        using HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(
                HttpMethod.Post, $"/v2/{path}/blobs/uploads/?mount={Uri.EscapeDataString(digest)}&from={Uri.EscapeDataString(other.Repository)}", $"{writing} {other.reading}")
            {
                Target = Name,
            },
            cancellation);

        // A registry that does not mount opens an upload instead; a forgotten one would be kept for days.
        if (answer.StatusCode == HttpStatusCode.Accepted)
        {
            await AbandonAsync(new UploadSession(LocationOf(answer)));
        }

        return answer.StatusCode == HttpStatusCode.Created;
    }

    /// <inheritdoc/>
    public async Task WriteAsync(ImageBlob blob, Func<long, CancellationToken, Task<Stream>> open, Action<long> onBytes, CancellationToken cancellation)
    {
        byte[]? small = blob.Size <= SmallBlob ? await ReadWholeAsync(blob, open, cancellation) : null;
        for (int number = 1; ; number++)
        {
            long counted = 0;
            void Count(long bytes)
            {
                counted += bytes;
                onBytes(bytes);
            }

            UploadSession session = new(LocationOf(await BeginAsync(cancellation)));
            try
            {
                await (small is null ? SendAsync(blob, session, open, Count, cancellation) : EndAsync(session, blob, small, cancellation));
                onBytes(small?.Length ?? 0);
                return;
            }
            catch (LabException e) when (IsLost(e) && number < MostSessions)
            {
                // The registry forgot the upload, or cannot go on with one that broke (registry:2 cannot): once more from the beginning, unless
                // only its last answer got lost.
                await AbandonAsync(session);
                if (await HasAsync(blob.Digest, cancellation))
                {
                    onBytes(small?.Length ?? 0);
                    return;
                }

                onBytes(-counted);
            }
            catch (SourceFailedException e)
            {
                await AbandonAsync(session);
                ExceptionDispatchInfo.Throw(e.InnerException!);
            }
            catch
            {
                await AbandonAsync(session);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public async Task WriteManifestAsync(ImageManifest manifest, string? tag, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Put, $"/v2/{path}/manifests/{tag ?? manifest.Digest}", writing)
            {
                Target = TargetOf(tag ?? manifest.Digest),
                Content = _ => new ByteArrayContent(manifest.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue(manifest.MediaType) } },
            },
            cancellation);
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "RegistryFailed",
                $"What answers as the registry {connection.Registry} did not confirm that it stored '{TargetOf(tag ?? manifest.Digest)}' (it answered {(int)answer.StatusCode}): check the address, and proxies in between.") { Target = Name };
        }
    }

    private string Repository => path;

    private static string? HeaderOf(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

    // RFC 8288: </v2/movies/tags/list?last=1.9&n=1000>; rel="next"
    private static string? NextOf(HttpResponseMessage answer)
    {
        foreach (string link in answer.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? links : [])
        {
            int open = link.IndexOf('<', StringComparison.Ordinal), close = link.IndexOf('>', StringComparison.Ordinal);
            if (open >= 0 && close > open && link.Contains("next", StringComparison.Ordinal))
            {
                // Some registries give a path relative to the request.
                return new Uri(answer.RequestMessage!.RequestUri!, link[(open + 1)..close]).PathAndQuery;
            }
        }

        return null;
    }

    private static string LocationOf(HttpResponseMessage answer)
    {
        using (answer)
        {
            return answer.Headers.Location is { } location ? new Uri(answer.RequestMessage!.RequestUri!, location).AbsoluteUri
                : throw new LabException(LabErrorKind.ServiceFailed, "RegistryFailed", $"The registry at {answer.RequestMessage!.RequestUri!.Authority} began an upload without saying where.");
        }
    }

    private static bool IsLost(LabException e) => e.StatusCode is 404 or 416 or >= 500 || e.Code == "RegistryUnreachable";

    private static async Task<byte[]> WholeAsync(HttpResponseMessage answer, string target, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(RegistryConnection.Patience);
        try
        {
            await using Stream stream = await answer.Content.ReadAsStreamAsync(limit.Token);
            byte[] buffer = new byte[LargestManifest + 1];
            int count = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit.Token);
            return count <= LargestManifest ? buffer[..count] : throw new LabException(
                LabErrorKind.NotSupported, "ManifestTooLarge", $"The answer about '{target}' is larger than the 4 MiB that a manifest may have.") { Target = target };
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw RegistryFailure.Unreachable(target, $"the connection broke in the middle of an answer ({e.Message.TrimEnd('.')})", e);
        }
    }

    private bool IsOf(string registry) => connection.Registry == registry;

    private string TargetOf(string reference) => ImageName.Join(Name, reference);

    private Task<HttpResponseMessage> BeginAsync(CancellationToken cancellation) =>
        connection.SendAsync(new RegistryRequest(HttpMethod.Post, $"/v2/{path}/blobs/uploads/", writing) { Target = Name, Content = _ => new ByteArrayContent([]) }, cancellation);

    private async Task<Stream> OnceAsync(ImageBlob blob, long offset, CancellationToken cancellation)
    {
        HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Get, $"/v2/{path}/blobs/{blob.Digest}", reading) { Target = $"{Name}@{blob.Digest}", Offset = offset }, cancellation);
        Stream stream = await answer.Content.ReadAsStreamAsync(cancellation);

        // Not every server behind a registry knows ranges.
        if (offset > 0 && answer.StatusCode != HttpStatusCode.PartialContent)
        {
            byte[] skipped = new byte[1 << 16];
            for (long left = offset; left > 0;)
            {
                int count = await stream.ReadAsync(skipped.AsMemory(0, (int)Math.Min(left, skipped.Length)), cancellation);
                left = count > 0 ? left - count : 0;
            }
        }

        return stream;
    }

    // Sends the content; where the connection breaks, asks how far it came and goes on from there.
    private async Task SendAsync(
        ImageBlob blob, UploadSession session, Func<long, CancellationToken, Task<Stream>> open, Action<long> onBytes, CancellationToken cancellation)
    {
        using BlobDigest digest = new(blob);
        long offset = 0;
        int stalls = 0;
        while (true)
        {
            BlobContent? content = null;
            try
            {
                session.Location = LocationOf(await connection.SendAsync(
                    new RegistryRequest(HttpMethod.Patch, session.Location, writing)
                    {
                        Target = Name, Repeatable = false, Content = onStep => content = new BlobContent(blob, offset, open, digest, onBytes, onStep),
                    },
                    cancellation));
                break;
            }
            catch (LabException e) when (content is not null && (e.Code == "RegistryUnreachable" || e.StatusCode is >= 500))
            {
                long arrived = await ProgressAsync(session, cancellation);
                if (arrived < offset || arrived > offset + content.Sent)
                {
                    throw;
                }

                onBytes(arrived - offset - content.Sent);
                stalls = arrived > offset ? 0 : stalls + 1;
                if (stalls > MostStalls)
                {
                    throw;
                }

                offset = arrived;
            }
        }

        // The registry checks it, too, but would say less; and an upload that is whole can be taken back.
        digest.Check("the source");
        await EndAsync(session, blob, [], cancellation);
    }

    private static async Task<byte[]> ReadWholeAsync(ImageBlob blob, Func<long, CancellationToken, Task<Stream>> open, CancellationToken cancellation)
    {
        await using CheckedStream stream = new(await open(0, cancellation), blob, "the source");
        using MemoryStream content = new((int)blob.Size);
        await stream.CopyToAsync(content, cancellation);
        return content.ToArray();
    }

    // Ends an upload with what is left to send.
    private async Task EndAsync(UploadSession session, ImageBlob blob, byte[] rest, CancellationToken cancellation)
    {
        string end = $"{session.Location}{(session.Location.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={Uri.EscapeDataString(blob.Digest)}";
        using HttpResponseMessage answer = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Put, end, writing)
            {
                Target = Name, Patience = EndPatience,
                Content = _ => new ByteArrayContent(rest) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } },
            },
            cancellation);
    }

    private async Task<long> ProgressAsync(UploadSession session, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await connection.SendAsync(new RegistryRequest(HttpMethod.Get, session.Location, writing) { Target = Name }, cancellation);
        string range = HeaderOf(answer, "Range") ?? "0-0";
        long last = long.TryParse(range[(range.IndexOf('-', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture, out long number) ? number : 0;
        session.Location = answer.Headers.Location is { } moved ? new Uri(answer.RequestMessage!.RequestUri!, moved).AbsoluteUri : session.Location;
        return last == 0 ? 0 : last + 1;
    }

    // What is left of it the registry clears up by itself some day; a failure here must not hide what went wrong before.
    private async Task AbandonAsync(UploadSession session)
    {
        try
        {
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(5));
            using HttpResponseMessage answer = await connection.SendAsync(
                new RegistryRequest(HttpMethod.Delete, session.Location, writing) { Repeatable = false, Expects = [HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed] }, limit.Token);
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            RequestLog.Current.Verbose($"The upload at {Name} was not taken back: {e.Message}");
        }
    }
    // Where an upload goes on; the registry says so anew with each answer.
    private sealed class UploadSession(string location)
    {
        public string Location { get; set; } = location;
    }
}
