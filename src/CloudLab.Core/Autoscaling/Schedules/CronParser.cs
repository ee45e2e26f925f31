namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>
/// Reads schedules as the CronJob controller and the API server do: what they accept is accepted, what they refuse is refused with what
/// they say. Facts from robfig/cron v3.0.1 (ParseStandard) and Kubernetes 1.36.
/// </summary>
internal static class CronParser
{
    private const string Every = "@every ";

    /// <summary>Reads a schedule.</summary>
    /// <param name="text">The schedule, with or without a prefix <c>TZ=</c> or <c>CRON_TZ=</c>.</param>
    /// <param name="problem">What is wrong with it, or null.</param>
    /// <returns>The schedule, or null.</returns>
    public static CronSchedule? Parse(string text, out CronProblem? problem)
    {
        problem = null;
        if (text.Length == 0)
        {
            problem = new CronProblem(CronFault.Empty, "empty spec string", 0, "");
            return null;
        }

        ScheduleZone? zone = null;
        int start = 0;
        int end = text.Length;
        if (text.StartsWith("TZ=", StringComparison.Ordinal) || text.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            int name = text.IndexOf('=', StringComparison.Ordinal) + 1;
            int space = text.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0)
            {
                // The parser has a fault there, and the API server catches its panic.
                problem = new CronProblem(CronFault.OpenZone, "invalid schedule format: runtime error: slice bounds out of range [:-1]", text.Length, "");
                return null;
            }

            zone = ScheduleZone.Find(text[name..space], out string? unknown);
            if (zone is null)
            {
                problem = new CronProblem(CronFault.Zone, $"provided bad location {text[name..space]}: {unknown}", name, text[name..space]);
                return null;
            }

            start = space;
            while (start < end && char.IsWhiteSpace(text[start]))
            {
                start++;
            }

            while (end > start && char.IsWhiteSpace(text[end - 1]))
            {
                end--;
            }
        }

        return start < end && text[start] == '@'
            ? Descriptor(text, start, end, zone, out problem)
            : Fields(text, start, end, zone, out problem);
    }

    /// <summary>The words between white space.</summary>
    /// <param name="text">A text.</param>
    /// <param name="start">Where to begin.</param>
    /// <param name="end">Where to end.</param>
    /// <returns>The words and where they stand.</returns>
    public static List<(int Index, string Text)> Words(string text, int start, int end)
    {
        List<(int, string)> words = [];
        for (int i = start; i < end;)
        {
            int from = i;
            bool space = char.IsWhiteSpace(text[i]);
            while (i < end && char.IsWhiteSpace(text[i]) == space)
            {
                i++;
            }

            if (!space)
            {
                words.Add((from, text[from..i]));
            }
        }

        return words;
    }

    private static CronSchedule? Fields(string text, int start, int end, ScheduleZone? zone, out CronProblem? problem)
    {
        List<(int Index, string Text)> words = Words(text, start, end);
        if (words.Count != CronField.All.Count)
        {
            problem = new CronProblem(
                CronFault.FieldCount, $"expected exactly 5 fields, found {words.Count}: [{string.Join(' ', words.Select(word => word.Text))}]",
                words.Count > CronField.All.Count ? words[CronField.All.Count].Index : end, string.Join(' ', words.Select(word => word.Text)));
            return null;
        }

        ulong[] bits = new ulong[CronField.All.Count];
        bool[] stars = new bool[CronField.All.Count];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = Field(words[i].Text, words[i].Index, CronField.All[i], out stars[i], out problem);
            if (problem is not null)
            {
                return null;
            }
        }

        problem = null;
        return new CronSchedule(text, zone, bits, stars[2], stars[4]);
    }

    private static ulong Field(string text, int index, CronField field, out bool star, out CronProblem? problem)
    {
        ulong bits = 0;
        star = false;
        problem = null;
        for (int from = 0; from < text.Length;)
        {
            int comma = text.IndexOf(',', from);
            int to = comma < 0 ? text.Length : comma;
            if (to > from)
            {
                bits |= Item(text[from..to], index + from, field, out bool any, out problem);
                star |= any;
                if (problem is not null)
                {
                    return 0;
                }
            }

            from = to + 1;
        }

        return bits;
    }

    private static ulong Item(string text, int index, CronField field, out bool star, out CronProblem? problem)
    {
        string[] parts = text.Split('/');
        string[] ends = parts[0].Split('-');
        star = false;
        problem = null;
        long start, end, step = 1;
        if (ends[0] is "*" or "?")
        {
            // Whatever follows a hyphen there is not read.
            (start, end, star) = (field.Min, field.Max, true);
        }
        else
        {
            start = end = Value(ends[0], index, field, names: true, out problem);
            if (problem is not null)
            {
                return 0;
            }

            if (ends.Length > 2)
            {
                problem = new CronProblem(CronFault.Hyphens, $"too many hyphens: {text}", index, text, field);
                return 0;
            }

            if (ends.Length == 2)
            {
                end = Value(ends[1], index + ends[0].Length + 1, field, names: true, out problem);
                if (problem is not null)
                {
                    return 0;
                }
            }
        }

        if (parts.Length > 2)
        {
            problem = new CronProblem(CronFault.Slashes, $"too many slashes: {text}", index, text, field);
            return 0;
        }

        if (parts.Length == 2)
        {
            step = Value(parts[1], index + parts[0].Length + 1, field, names: false, out problem);
            if (problem is not null)
            {
                return 0;
            }

            end = ends.Length == 1 ? field.Max : end;
            star &= step <= 1;
        }

        problem = start < field.Min ? new CronProblem(CronFault.BelowMinimum, $"beginning of range ({start}) below minimum ({field.Min}): {text}", index, text, field)
            : end > field.Max ? new CronProblem(CronFault.AboveMaximum, $"end of range ({end}) above maximum ({field.Max}): {text}", index, text, field)
            : start > end ? new CronProblem(CronFault.Reversed, $"beginning of range ({start}) beyond end of range ({end}): {text}", index, text, field)
            : step == 0 ? new CronProblem(CronFault.ZeroStep, $"step of range should be a positive number: {text}", index, text, field)
            : null;
        return problem is null ? CronField.Bits(start, end, Math.Min(step, 64)) : 0;
    }

    private static long Value(string text, int index, CronField field, bool names, out CronProblem? problem)
    {
        problem = null;
        if (names && field.Named(text) is >= 0 and int named)
        {
            return named;
        }

        if (!GoText.TryNumber(text, out long number, out string? wrong, out bool overflow))
        {
            problem = new CronProblem(overflow ? CronFault.Overflow : CronFault.NotANumber, $"failed to parse int from {text}: {wrong}", index, text, field);
        }
        else if (number < 0)
        {
            problem = new CronProblem(CronFault.Negative, $"negative number ({number}) not allowed: {text}", index, text, field);
        }

        return number;
    }

    private static CronSchedule? Descriptor(string text, int start, int end, ScheduleZone? zone, out CronProblem? problem)
    {
        string word = text[start..end];
        problem = null;
        string? fields = word switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => null,
        };
        if (fields is not null)
        {
            CronSchedule same = Fields(fields, 0, fields.Length, zone, out _)!;
            return new CronSchedule(text, zone, same.Bits, same.AnyDayOfMonth, same.AnyDayOfWeek);
        }

        if (!word.StartsWith(Every, StringComparison.Ordinal))
        {
            problem = new CronProblem(CronFault.Descriptor, $"unrecognized descriptor: {word}", start, word);
            return null;
        }

        if (GoText.ReadDuration(word[Every.Length..], out long nanoseconds) is { } wrong)
        {
            problem = new CronProblem(CronFault.Duration, $"failed to parse duration {word}: {wrong}", start + Every.Length, word[Every.Length..]);
            return null;
        }

        return new CronSchedule(text, zone, Math.Max(1, nanoseconds / 1_000_000_000));
    }
}
