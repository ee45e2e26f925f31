using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>What each pattern said about a folder, which is what decides about what is in it.</summary>
/// <param name="Matched">For each pattern, whether the folder or one above it is matched; null at the top.</param>
internal readonly record struct IgnoreState(bool[]? Matched);

/// <summary>A <c>.dockerignore</c> file: which paths of a build context are not sent.</summary>
internal sealed class IgnoreFile
{
    private IgnoreFile(string? path, IReadOnlyList<IgnorePattern> patterns) => (Path, Patterns) = (path, patterns);

    /// <summary>Full path; null where there is no such file.</summary>
    public string? Path { get; }

    /// <summary>Its patterns, in order.</summary>
    public IReadOnlyList<IgnorePattern> Patterns { get; }

    /// <summary>Whether a pattern begins with <c>!</c>.</summary>
    public bool HasExceptions => Patterns.Any(pattern => pattern.IsException);

    /// <summary>Reads the file that counts for a build: <c>NAME.dockerignore</c> beside the Dockerfile, else <c>.dockerignore</c> in the context.</summary>
    /// <param name="context">Full path of the context.</param>
    /// <param name="dockerfile">Full path of the Dockerfile; null for one without a file.</param>
    /// <returns>The file; without patterns where there is none. Throws <see cref="LabException"/> (<c>DockerignoreInvalid</c>, <c>FileUnreadable</c>).</returns>
    public static IgnoreFile Find(string context, string? dockerfile)
    {
        foreach (string? path in new[] { dockerfile is null ? null : dockerfile + ".dockerignore", System.IO.Path.Combine(context, ".dockerignore") })
        {
            if (path is null || !File.Exists(path))
            {
                continue;
            }

            try
            {
                return Parse(SourceText.Decode(File.ReadAllBytes(path)), path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new LabException(LabErrorKind.ReadFailed, "FileUnreadable", $"'{path}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = path };
            }
            catch (LabException e)
            {
                throw e.Retold($"{path}: {e.Message}", target: path);
            }
        }

        return new(null, []);
    }

    /// <summary>Reads patterns.</summary>
    /// <param name="text">Text of the file.</param>
    /// <param name="path">Its path, or null.</param>
    /// <returns>The patterns. Throws <see cref="LabException"/> (<c>DockerignoreInvalid</c>).</returns>
    public static IgnoreFile Parse(string text, string? path = null)
    {
        int number = 0;
        return new(path, [.. text.Split('\n').Select(line => IgnorePattern.Read(line.TrimEnd('\r'), ++number)).OfType<IgnorePattern>()]);
    }

    /// <summary>Decides about a path while its folders are walked through from the top.</summary>
    /// <param name="path">Path relative to the context, with forward slashes.</param>
    /// <param name="parent">What was decided about its folder.</param>
    /// <returns>Whether it is left out, the pattern that decided, and what to pass on for what is in it.</returns>
    public (bool Ignored, IgnorePattern? By, IgnoreState State) Decide(string path, IgnoreState parent)
    {
        bool ignored = false;
        IgnorePattern? by = null;
        bool[] matched = new bool[Patterns.Count];
        for (int i = 0; i < matched.Length; i++)
        {
            IgnorePattern pattern = Patterns[i];

            // An exception cannot change what is sent anyway, nor can another pattern what is left out already. What a folder was
            // matched by holds for all in it.
            matched[i] = parent.Matched is { } above && above[i];
            if (!matched[i] && pattern.IsException == ignored)
            {
                matched[i] = pattern.Matches(path) || (parent.Matched is null && MatchesFolder(pattern, path));
            }

            if (matched[i])
            {
                (ignored, by) = (!pattern.IsException, pattern);
            }
        }

        return (ignored, by, new(matched));
    }

    /// <summary>Decides about one path.</summary>
    /// <param name="path">Path relative to the context, with forward slashes.</param>
    /// <returns>The pattern that leaves it, or a folder that it is in, out; null if it is sent.</returns>
    public IgnorePattern? Ignores(string path) => Decide(path, default) is { Ignored: true, By: { } by } ? by : null;

    /// <summary>Whether something in a folder that is left out may be sent all the same, so that it has to be looked into.</summary>
    /// <param name="folder">Path of the folder, relative to the context.</param>
    /// <returns>False where no exception can reach into it.</returns>
    public bool MayReach(string folder) => Patterns.Any(pattern => pattern.IsException && !pattern.IsPrefix)
        || Patterns.Any(pattern => pattern.IsException && (pattern.WithoutGlob + "/").StartsWith(folder + "/", StringComparison.Ordinal));

    private static bool MatchesFolder(IgnorePattern pattern, string path)
    {
        for (int end = path.IndexOf('/', StringComparison.Ordinal); end > 0; end = path.IndexOf('/', end + 1))
        {
            if (pattern.Matches(path[..end]))
            {
                return true;
            }
        }

        return false;
    }
}
