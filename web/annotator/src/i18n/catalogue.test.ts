import { afterEach, describe, expect, test } from "vitest";
import { type Speaker, speaker } from "./catalogue";
import { chooseLanguage } from "./language";

interface Module {
  readonly say: Speaker<string>;
}

const modules = Object.entries(import.meta.glob<Module>("../**/messages.ts", { eager: true }));

const placeholders = (message: string) => [...new Set(message.match(/\{\w+\}/g) ?? [])].sort();

describe.each(modules)("%s", (_, { say: { messages } }) => {
  test("has every key in both languages", () => {
    expect(Object.keys(messages.zh).sort()).toEqual(Object.keys(messages.en).sort());
  });

  test("says something for every key, with the same values", () => {
    for (const [key, english] of Object.entries(messages.en)) {
      expect(english.trim(), key).not.toBe("");
      expect(messages.zh[key]?.trim(), key).not.toBe("");
      expect(placeholders(messages.zh[key] ?? ""), key).toEqual(placeholders(english));
    }
  });
});

describe("a message", () => {
  const say = speaker({
    en: { boxes: "{n} box|{n} boxes", hello: "Hello {name}" },
    zh: { boxes: "{n} 个框", hello: "你好 {name}" },
  });
  afterEach(() => chooseLanguage("en"));

  test("has its singular and its plural", () => {
    expect([say("boxes", { n: 1 }), say("boxes", { n: 0 }), say("boxes", { n: 5 })]).toEqual([
      "1 box",
      "0 boxes",
      "5 boxes",
    ]);
  });

  test("follows the language of the page", () => {
    chooseLanguage("zh");
    expect(say("hello", { name: "Wang" })).toBe("你好 Wang");
  });

  test("leaves a value that is missing visible", () => {
    expect(say("hello")).toBe("Hello {name}");
  });
});
