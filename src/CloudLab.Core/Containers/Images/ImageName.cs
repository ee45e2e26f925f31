using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Images;

/// <summary>Names of images: <c>[registry/]repository[:tag][@digest]</c>.</summary>
internal static partial class ImageName
{
    /// <summary>Checks a name that an image shall be given.</summary>
    /// <param name="name">Repository with or without a tag.</param>
    /// <returns>The name. Throws <see cref="LabException"/> where a registry would not take it.</returns>
    public static string Check(string name)
    {
        Match match = Reference().Match(name);
        string? why = match.Success switch
        {
            true when match.Groups["repository"].Length > 255 => "the repository is longer than 255 characters",
            true => null,
            false when name.Length == 0 => "it is empty",
            false when name.Any(char.IsWhiteSpace) => "it contains white space",
            false when name.Contains('@', StringComparison.Ordinal) => "a digest cannot be assigned, write [registry/]repository[:tag]",
            false when MustBeLower(name) => "the repository must be in lower case",
            _ => "write [registry/]repository[:tag]",
        };
        return why is null ? name : throw new LabException(
            LabErrorKind.InvalidArgument, "TagInvalid", $"'{name}' is not a valid image name: {why}.") { Target = name };
    }

    /// <summary>Takes apart a name of an image in a registry.</summary>
    /// <param name="name"><c>[registry/]repository[:tag][@digest]</c>.</param>
    /// <returns>The repository, and the digest or else the tag (<c>latest</c>). Throws <see cref="LabException"/> (<c>ImageNameInvalid</c>).</returns>
    public static (string Repository, string TagOrDigest) Parse(string name)
    {
        int at = name.IndexOf('@', StringComparison.Ordinal);
        (string rest, string? digest) = at < 0 ? (name, null) : (name[..at], name[(at + 1)..]);
        string? why = name.Length == 0 ? "it is empty"
            : name.Any(char.IsWhiteSpace) ? "it contains white space"
            : digest is not null && !Digest().IsMatch(digest) ? "a digest is sha256: and 64 hexadecimal digits"
            : Reference().Match(rest) is { Success: true } match ? match.Groups["repository"].Length > 255 ? "the repository is longer than 255 characters" : null
            : MustBeLower(rest) ? $"the repository must be in lower case: {rest.ToLowerInvariant()}"
            : "write [registry/]repository[:tag] or repository@digest";
        if (why is not null)
        {
            throw new LabException(LabErrorKind.InvalidData, "ImageNameInvalid", $"'{name}' is not a valid image name: {why}.") { Target = name };
        }

        (string repository, string? tag) = Split(rest);
        return (repository, digest ?? tag ?? "latest");
    }

    /// <summary>Whether a text is a digest.</summary>
    /// <param name="text">A tag or a digest.</param>
    /// <returns>True for <c>sha256:</c> and 64 hexadecimal digits, or another algorithm's.</returns>
    public static bool IsDigest(string text) => text.Contains(':', StringComparison.Ordinal);

    /// <summary>Puts a name together.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="reference">A tag or a digest.</param>
    /// <returns><c>movies/site:1.0</c>, <c>movies/site@sha256:…</c>.</returns>
    public static string Join(string repository, string reference) => repository + (IsDigest(reference) ? '@' : ':') + reference;

    /// <summary>Splits a name that the engine gave.</summary>
    /// <param name="name"><c>127.0.0.1:5000/movies/site:1.0</c>.</param>
    /// <returns>Repository and tag.</returns>
    public static (string Repository, string? Tag) Split(string name)
    {
        int colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? (name[..colon], name[(colon + 1)..]) : (name, null);
    }

    /// <summary>The short form of a name, in which the engine lists images of Docker's own registry.</summary>
    /// <param name="name">A name or pattern.</param>
    /// <returns><c>alpine</c> for <c>docker.io/library/alpine</c>.</returns>
    public static string Familiar(string name)
    {
        foreach (string prefix in new[] { "docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/" })
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return name[prefix.Length..];
            }
        }

        return name;
    }

    /// <summary>Whether a text may be an image's id, whole or its beginning.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>True for 4 to 64 hexadecimal digits, with or without <c>sha256:</c>.</returns>
    public static bool MayBeId(string text) => Id().IsMatch(text);

    /// <summary>The registry that a name points to.</summary>
    /// <param name="name">An image name.</param>
    /// <returns><c>127.0.0.1:5000</c>, or <c>docker.io</c>.</returns>
    public static string Registry(string name)
    {
        string first = name.Split('/')[0];
        return name.Contains('/', StringComparison.Ordinal) && (first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost") && first != "index.docker.io"
            ? first : "docker.io";
    }

    private static bool MustBeLower(string name) => name.Any(char.IsAsciiLetterUpper) && Reference().IsMatch(name.ToLowerInvariant());

    [GeneratedRegex("^sha256:[0-9a-f]{64}$")]
    private static partial Regex Digest();

    [GeneratedRegex(@"^(sha256:)?[0-9a-f]{4,64}$")]
    private static partial Regex Id();

    [GeneratedRegex(@"^(?<repository>(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*)(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$")]
    private static partial Regex Reference();
}
